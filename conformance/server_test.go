package conformance

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	etcdclient "go.etcd.io/etcd/client/v3"
)

// Server is an API server of Kubernetes with Calico's CRDs and the operator's, with Calico's own API server behind it, and no
// controllers: it stands for one cluster at a time. Everybody may do everything there.
type Server struct {
	Kubeconfig string // a file; its context is called conformance

	dir      string // removed at the end
	programs Programs
	url      string
	token    string
	http     *http.Client
	etcd     *etcdclient.Client
	children []*child // the latest first: Calico's API server
	closers  []io.Closer
}

// maxServers is how many may run: one keeps a processor busy.
var maxServers = runtime.GOMAXPROCS(0)

// idle holds the Servers that run and that no test has, ahead a place for each that may still be started.
var (
	idle  = make(chan *Server, maxServers)
	ahead = func() chan struct{} {
		places := make(chan struct{}, maxServers)
		for range maxServers {
			places <- struct{}{}
		}
		return places
	}()
)

// server returns a Server with an empty cluster, which is the test's until that ends. Starting one takes some seconds, so it is used
// again. Where there are no programs the test is skipped.
func server(t testing.TB) *Server {
	t.Helper()
	programs := require(t)
	var s *Server
	select {
	case s = <-idle:
	default: // rather than to wait for one, start one
		select {
		case s = <-idle:
		case <-ahead:
		}
	}
	t.Cleanup(func() {
		if s == nil {
			ahead <- struct{}{}
			return
		}
		idle <- s
	})
	if s == nil {
		begun := time.Now()
		var err error
		if s, err = startServer(programs); err != nil {
			t.Fatal(err)
		}
		t.Logf("API servers started in %s", time.Since(begun).Round(time.Millisecond))
	}
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// stopServers ends all Servers, once no test has one.
func stopServers() {
	for {
		select {
		case s := <-idle:
			s.stop()
		default:
			return
		}
	}
}

func startServer(programs Programs) (*Server, error) {
	dir, err := os.MkdirTemp("", "topoc-conformance-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, programs: programs, token: rand.Text(), Kubeconfig: filepath.Join(dir, "kubeconfig"),
		http: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	ctx, cancel := context.WithTimeout(context.Background(), 3*startLimit)
	defer cancel()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"start etcd", s.startEtcd},
		{"start kube-apiserver", s.startKubernetes},
		{"create Calico's and the operator's CRDs", s.createCRDs},
		{"start Calico's API server", s.startCalico},
		{"say that Calico is installed", s.createStatus},
	} {
		if err := step.do(ctx); err != nil {
			s.stop()
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return s, nil
}

// stop ends all that startServer began, the latest first.
func (s *Server) stop() {
	for _, c := range s.children {
		c.kill()
	}
	for _, c := range s.closers {
		c.Close()
	}
	os.RemoveAll(s.dir)
}

func (s *Server) startEtcd(context.Context) error {
	url, etcd, err := startEtcd(filepath.Join(s.dir, "etcd"))
	if err != nil {
		return err
	}
	s.closers = append(s.closers, etcd)
	s.etcd, err = etcdclient.New(etcdclient.Config{Endpoints: []string{url}, DialTimeout: startLimit})
	return err
}

func (s *Server) startKubernetes(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	key, tokens := filepath.Join(s.dir, "service-account.key"), filepath.Join(s.dir, "tokens.csv")
	if err := errors.Join(writeKey(key), os.WriteFile(tokens, []byte(s.token+`,admin,1,"system:masters"`+"\n"), 0o600)); err != nil {
		return err
	}
	s.url = "https://127.0.0.1:" + port
	if err := os.WriteFile(s.Kubeconfig, s.kubeconfig(), 0o600); err != nil {
		return err
	}
	return s.start(ctx, "kube-apiserver", "/readyz",
		"--etcd-servers="+s.etcd.Endpoints()[0],
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port,
		"--cert-dir="+filepath.Join(s.dir, "kubernetes"),
		"--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none",
		"--service-account-issuer=https://kubernetes.default", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--token-auth-file="+tokens, "--authorization-mode=AlwaysAllow", "--disable-admission-plugins=ServiceAccount")
}

// calicoPath is of something that Calico's API server has.
const calicoPath = "/apis/projectcalico.org/v3/bgppeers"

// startCalico starts Calico's API server and has the other one pass projectcalico.org/v3 on to it.
func (s *Server) startCalico(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	service := filepath.Join(s.dir, "apiservice.yaml")
	if err := os.WriteFile(service, fmt.Appendf(nil, apiService, port), 0o600); err != nil {
		return err
	}
	if out, err := s.Kubectl(ctx, "apply", "-f", service); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return s.start(ctx, "apiserver", calicoPath,
		"--kubeconfig="+s.Kubeconfig, "--authentication-kubeconfig="+s.Kubeconfig, "--authorization-kubeconfig="+s.Kubeconfig,
		"--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+filepath.Join(s.dir, "calico"))
}

// start starts a program and waits until the API server answers a request for path with 200.
func (s *Server) start(ctx context.Context, program, path string, arguments ...string) error {
	c, err := startChild(s.programs.Path(program), filepath.Join(s.dir, program+".log"),
		[]string{"DATASTORE_TYPE=kubernetes", "KUBECONFIG=" + s.Kubeconfig}, arguments...)
	if err != nil {
		return err
	}
	s.children = append([]*child{c}, s.children...)
	return c.until(ctx, func() bool { return s.answers(ctx, path) })
}

// waitForCalico waits until the API server passes requests on to Calico's.
func (s *Server) waitForCalico(ctx context.Context) error {
	return s.children[0].until(ctx, func() bool { return s.answers(ctx, calicoPath) })
}

// answers reports whether the API server answers a request for path with 200.
func (s *Server) answers(ctx context.Context, path string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := s.http.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// createCRDs creates those that Calico's release comes with: all of Calico's own, and of the operator's those that a user of topoc
// meets. Each command of kubectl reads the schemas of all.
func (s *Server) createCRDs(ctx context.Context) error {
	source, err := calicoDir(ctx)
	if err != nil {
		return err
	}
	arguments := []string{"apply", "--server-side", "-f", filepath.Join(source, "libcalico-go/config/crd")}
	for _, kind := range []string{"installations", "apiservers", "tigerastatuses"} {
		arguments = append(arguments, "-f", operatorCRD(source, kind))
	}
	if out, err := s.Kubectl(ctx, arguments...); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// operatorCRD is the file of a CRD of the operator that comes with a release of Calico.
func operatorCRD(source, plural string) string {
	return filepath.Join(source, "charts/tigera-operator/crds", "operator.tigera.io_"+plural+".yaml")
}

// createStatus reports what the operator would: that Calico and its API server are there.
func (s *Server) createStatus(ctx context.Context) error {
	for _, name := range []string{"calico", "apiserver"} {
		file := filepath.Join(s.dir, "tigerastatus.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, tigeraStatus, name), 0o600); err != nil {
			return err
		}
		for _, arguments := range [][]string{{"create", "-f", file}, {"apply", "--server-side", "--subresource=status", "-f", file}} {
			if out, err := s.Kubectl(ctx, arguments...); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
		}
	}
	return nil
}

const tigeraStatus = `apiVersion: operator.tigera.io/v1
kind: TigeraStatus
metadata: {name: %s}
status: {conditions: [{type: Available, status: "True", lastTransitionTime: "2025-10-21T00:00:00Z"}]}
`

// Reset empties the cluster: no Nodes, none of Calico's objects and the operator's, none of what topoc writes beside them. It goes
// behind the API server, which follows etcd; that is over in milliseconds.
func (s *Server) Reset(ctx context.Context) error {
	for _, prefix := range []string{
		"/registry/minions/", "/registry/crd.projectcalico.org/", "/registry/operator.tigera.io/installations/", "/registry/operator.tigera.io/apiservers/",
		"/registry/roles/kube-system/topoc-", "/registry/rolebindings/kube-system/topoc-",
		"/registry/roles/calico-system/", "/registry/rolebindings/calico-system/", "/registry/secrets/", "/registry/services/specs/default/",
	} {
		if _, err := s.etcd.Delete(ctx, prefix, etcdclient.WithPrefix()); err != nil {
			return fmt.Errorf("empty the cluster: %w", err)
		}
	}
	return nil
}

// apiService needs a port. The name of the ExternalName service is looked up by the API server itself.
const apiService = `apiVersion: v1
kind: Namespace
metadata: {name: calico-system}
---
apiVersion: v1
kind: Service
metadata: {name: calico-api, namespace: calico-system}
spec: {type: ExternalName, externalName: localhost, ports: [{port: %[1]s}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v3.projectcalico.org}
spec:
  group: projectcalico.org
  version: v3
  groupPriorityMinimum: 1500
  versionPriority: 200
  insecureSkipTLSVerify: true
  service: {name: calico-api, namespace: calico-system, port: %[1]s}
`

func (s *Server) kubeconfig() []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: conformance
contexts: [{name: conformance, context: {cluster: conformance, user: admin}}]
clusters: [{name: conformance, cluster: {server: %q, insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: %s}}]
`, s.url, s.token)
}

// freePort returns a port of the loopback that nobody listens on. Somebody else may take it before it is used.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// writeKey writes a key to sign service account tokens with.
func writeKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600)
}
