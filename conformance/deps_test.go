package conformance

import (
	_ "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	_ "github.com/projectcalico/calico/libcalico-go/lib/clientv3"
	_ "github.com/projectcalico/calico/libcalico-go/lib/validator/v3"
	_ "github.com/tigera/operator/api/v1"
	_ "go.etcd.io/etcd/server/v3/embed"
	_ "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	_ "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	_ "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	_ "topoc/compiler"
	_ "topoc/topologies/topogen"
)
