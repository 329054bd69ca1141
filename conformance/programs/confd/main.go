// Command confd is Calico's confd: it renders a node's BIRD configuration, and ends. The node is that of NODENAME, which
// Calico's template package reads as it is loaded, so every node needs a process of its own.
package main

import (
	"flag"
	"log"

	"github.com/projectcalico/calico/confd/pkg/config"
	"github.com/projectcalico/calico/confd/pkg/run"
)

func main() {
	flag.Parse()
	c, err := config.InitConfig(false)
	if err != nil {
		log.Fatal(err)
	}
	run.Run(c)
}
