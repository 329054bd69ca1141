package emulate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ServedPort is where machines that Serve take connections.
const ServedPort = 8080

// Serve has every machine take TCP connections at all of its addresses, at ServedPort. Each is answered with what answer says of
// the machine and of its address that was called. Close ends it.
func (r *Running) Serve(answer func(m *Machine, at netip.Addr) string) error {
	for _, m := range r.machines {
		var l net.Listener
		err := m.ns.do(func() (err error) {
			l, err = net.Listen("tcp", fmt.Sprint(":", ServedPort))
			return err
		})
		if err != nil {
			return fmt.Errorf("listen on %s: %w", m.plan.Name, err)
		}
		r.listeners = append(r.listeners, l)
		go serve(l, func(at netip.Addr) string { return answer(m.plan, at) })
	}
	return nil
}

func serve(l net.Listener, answer func(at netip.Addr) string) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of one connection
		}
		go func() {
			defer c.Close()
			at, _ := netip.ParseAddrPort(c.LocalAddr().String())
			io.WriteString(c, answer(at.Addr().Unmap().WithZone("")))
		}()
	}
}

// Sender is where a packet comes from.
type Sender struct {
	Machine   string
	Address   netip.Addr // that the machine has; the zero Addr: its kernel chooses
	Interface string     // by which it leaves, in the kernel; empty: its kernel chooses
}

// Connect calls an address at ServedPort by TCP, and returns the answer.
func (r *Running) Connect(ctx context.Context, from Sender, to netip.Addr) (string, error) {
	m := r.machineOf(from.Machine)
	if m == nil {
		return "", fmt.Errorf("no machine is called %s", from.Machine)
	}
	d := net.Dialer{FallbackDelay: -1, KeepAlive: -1, Control: from.control}
	if from.Address.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from.Address, 0))
	}
	var c net.Conn
	err := m.ns.do(func() (err error) {
		c, err = d.DialContext(ctx, "tcp", netip.AddrPortFrom(to, ServedPort).String())
		return err
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		c.SetDeadline(deadline)
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

// control has a socket send by the sender's interface. Bound to that it would not hear answers that come by another one (ip(7), ipv6(7)).
func (s Sender) control(network, _ string, c syscall.RawConn) error {
	if s.Interface == "" {
		return nil
	}
	i, err := net.InterfaceByName(s.Interface)
	if err != nil {
		return err
	}
	index := int(binary.NativeEndian.Uint32(binary.BigEndian.AppendUint32(nil, uint32(i.Index))))
	level, option := unix.IPPROTO_IP, unix.IP_UNICAST_IF
	if strings.Contains(network, "6") {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_UNICAST_IF
	}
	if failed := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, index) }); failed != nil {
		return failed
	}
	return err
}

// Types of ICMP messages (RFC 792, RFC 4443).
const (
	echoReply    = 0
	echoRequest  = 8
	echoRequest6 = 128
	echoReply6   = 129
)

// Ping sends an ICMP echo request and waits for the reply, until ctx ends.
func (r *Running) Ping(ctx context.Context, from Sender, to netip.Addr) error {
	m := r.machineOf(from.Machine)
	if m == nil {
		return fmt.Errorf("no machine is called %s", from.Machine)
	}
	network, request, reply := "ip4:icmp", byte(echoRequest), byte(echoReply)
	if to.Is6() {
		network, request, reply = "ip6:ipv6-icmp", echoRequest6, echoReply6
	}
	d := net.Dialer{Control: from.control}
	if from.Address.IsValid() {
		d.LocalAddr = &net.IPAddr{IP: from.Address.AsSlice()}
	}
	var dialed net.Conn
	err := m.ns.do(func() (err error) {
		dialed, err = d.DialContext(ctx, network, to.String())
		return err
	})
	if err != nil {
		return err
	}
	defer dialed.Close()
	c := dialed.(*net.IPConn)
	id := r.pings.Add(1)
	const again = 300 * time.Millisecond // the first packet may be lost while an address is resolved
	for buffer := make([]byte, 256); ; {
		if _, err := c.Write(echo(request, id)); err != nil {
			return err
		}
		until := time.Now().Add(again)
		if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
			until = deadline
		}
		c.SetReadDeadline(until)
		for {
			n, _, err := c.ReadFromIP(buffer)
			if err == nil && n >= 8 && buffer[0] == reply && binary.BigEndian.Uint32(buffer[4:]) == id {
				return nil
			}
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			if err != nil {
				break
			}
		}
		if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && !time.Now().Before(deadline) {
			return context.DeadlineExceeded
		}
	}
}

// echo is an echo message; IPv6's checksum is the kernel's to fill in.
func echo(kind byte, id uint32) []byte {
	message := make([]byte, 16)
	message[0] = kind
	binary.BigEndian.PutUint32(message[4:], id)
	if kind == echoRequest6 {
		return message
	}
	sum := uint32(0)
	for i := 0; i < len(message); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(message[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(message[2:], ^uint16(sum))
	return message
}
