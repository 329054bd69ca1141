package conformance

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// startLimit bounds every wait for a server to be ready.
const startLimit = 60 * time.Second

// startEtcd starts an etcd of this process on a free port of the loopback, with its data below dir, which is to be removed after
// the Closer is closed. It returns its URL.
func startEtcd(dir string) (string, io.Closer, error) {
	config := embed.NewConfig()
	config.Dir = dir
	config.UnsafeNoFsync = true // nothing here outlives the test
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	free := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = free, free
	config.ListenPeerUrls, config.AdvertisePeerUrls = free, free
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	e, err := embed.StartEtcd(config)
	if err != nil {
		return "", nil, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-e.Server.ReadyNotify():
		return "http://" + e.Clients[0].Addr().String(), closer{e}, nil
	case err = <-e.Err():
	case <-time.After(startLimit):
		err = fmt.Errorf("not ready after %s", startLimit)
	}
	e.Close()
	return "", nil, fmt.Errorf("start etcd: %w", err)
}

type closer struct{ *embed.Etcd }

func (c closer) Close() error {
	c.Etcd.Close()
	return nil
}
