package simulate

import (
	"encoding/binary"
	"hash/fnv"
	"math/big"
	"math/bits"
	"math/rand"
	"net/netip"
	"sync"
)

// blockPicker finds the first block that Calico would claim for a node: a random one, by a generator that the node's name
// seeds, or the next free one after it (libcalico-go/lib/ipam/ipam_block_reader_writer.go randomBlockGenerator). Where blocks
// are single addresses Calico seeds with the time; the name serves here as well.
type blockPicker struct {
	random *rand.Rand
	count  *big.Int // of blocks in the pool
	index  *big.Int // of the first block that is tried
}

func newBlockPicker() *blockPicker {
	return &blockPicker{random: rand.New(&quickSource{}), count: new(big.Int), index: new(big.Int)}
}

// pick returns the block of a node, false where all blocks of the pool are taken.
func (b *blockPicker) pick(pool netip.Prefix, blockSize int, node string, isTaken func(netip.Prefix) bool) (netip.Prefix, bool) {
	hash := fnv.New32()
	hash.Write([]byte(node))
	b.random.Seed(int64(hash.Sum32()))
	b.index.Rand(b.random, b.count.Lsh(big.NewInt(1), uint(blockSize-pool.Bits())))
	var number [16]byte
	b.index.FillBytes(number[:])
	at := blockNumber{binary.BigEndian.Uint64(number[:8]), binary.BigEndian.Uint64(number[8:])}
	width := blockSize - pool.Bits()
	for tried := uint64(0); width > 62 || tried < 1<<width; tried++ {
		block := at.of(pool, blockSize)
		if !isTaken(block) {
			return block, true
		}
		at = at.next(width)
	}
	return netip.Prefix{}, false
}

// blockNumber counts the blocks of a pool from 0.
type blockNumber struct{ high, low uint64 }

// next is the number after n, of 2^width in all.
func (n blockNumber) next(width int) blockNumber {
	low, carry := bits.Add64(n.low, 1, 0)
	high := n.high + carry
	switch {
	case width < 64:
		return blockNumber{0, low & (1<<width - 1)}
	case width < 128:
		high &= 1<<(width-64) - 1
	}
	return blockNumber{high, low}
}

// of is the block of that number.
func (n blockNumber) of(pool netip.Prefix, blockSize int) netip.Prefix {
	if pool.Addr().Is4() {
		base := pool.Addr().As4()
		binary.BigEndian.PutUint32(base[:], binary.BigEndian.Uint32(base[:])|uint32(n.low<<(32-blockSize)))
		return netip.PrefixFrom(netip.AddrFrom4(base), blockSize)
	}
	base, shift := pool.Addr().As16(), uint(128-blockSize)
	high, low := n.high<<shift|n.low>>(64-shift), n.low<<shift
	if shift >= 64 {
		high, low = n.low<<(shift-64), 0
	}
	binary.BigEndian.PutUint64(base[:8], binary.BigEndian.Uint64(base[:8])|high)
	binary.BigEndian.PutUint64(base[8:], binary.BigEndian.Uint64(base[8:])|low)
	return netip.PrefixFrom(netip.AddrFrom16(base), blockSize)
}

// quickSource gives the numbers of math/rand.NewSource, which the compatibility promise of Go 1 holds to its algorithm, an
// additive lagged Fibonacci generator. To seed one costs two thousand multiplications, for 607 numbers of state of which the
// first draw needs two: those alone are computed here, since every node of a topology is a seed.
type quickSource struct {
	seed  int64
	drawn int
	slow  rand.Source64 // nil until more is drawn than is quick
}

const (
	fibonacciLength = 607
	fibonacciTap    = 273 // draws until the state is used again
	quickDraws      = 64
	lehmerFactor    = 48271
	lehmerModulus   = 1<<31 - 1
	lehmerSkipped   = 20 // numbers before the first that is used
)

// Seed implements rand.Source.
func (q *quickSource) Seed(seed int64) { *q = quickSource{seed: seed} }

// Int63 implements rand.Source.
func (q *quickSource) Int63() int64 { return int64(q.Uint64() &^ (1 << 63)) }

// Uint64 implements rand.Source64.
func (q *quickSource) Uint64() uint64 {
	if q.drawn == quickDraws && q.slow == nil {
		q.slow = rand.NewSource(q.seed).(rand.Source64)
		for range q.drawn {
			q.slow.Uint64()
		}
	}
	if q.slow != nil {
		return q.slow.Uint64()
	}
	q.drawn++
	x := lehmerSeed(q.seed)
	feed, tap := fibonacciPlaces(q.drawn)
	return initialState(x, feed) + initialState(x, tap)
}

// fibonacciPlaces are the places in the state that draw n, counted from 1, adds; it puts the sum into the first of them.
func fibonacciPlaces(n int) (feed, tap int) {
	return (2*fibonacciLength - fibonacciTap - n) % fibonacciLength, (fibonacciLength - n) % fibonacciLength
}

// lehmerSeed is what a seed starts Lehmer's generator with.
func lehmerSeed(seed int64) uint64 {
	seed %= lehmerModulus
	if seed < 0 {
		seed += lehmerModulus
	}
	if seed == 0 {
		return 89482311
	}
	return uint64(seed)
}

// initialState is place i of the state after seeding.
func initialState(x uint64, i int) uint64 {
	return lehmerState(x, i) ^ stateConstants()[i]
}

// lehmerState is the part of place i that comes from the seed: three numbers of Lehmer's generator.
func lehmerState(x uint64, i int) uint64 {
	first := x * lehmerPowers()[i] % lehmerModulus
	second := first * lehmerFactor % lehmerModulus
	third := second * lehmerFactor % lehmerModulus
	return first<<40 ^ second<<20 ^ third
}

// lehmerPowers are the factors from the seed to the first number of each place.
var lehmerPowers = sync.OnceValue(func() *[fibonacciLength]uint64 {
	var powers [fibonacciLength]uint64
	x := uint64(1)
	for range lehmerSkipped + 1 {
		x = x * lehmerFactor % lehmerModulus
	}
	for i := range powers {
		powers[i] = x
		for range 3 {
			x = x * lehmerFactor % lehmerModulus
		}
	}
	return &powers
})

// stateConstants are the constants that seeding mixes in. math/rand keeps them to itself, but the numbers it gives for one
// seed tell them: after as many draws as the state is long, the state is what was drawn, and every draw can be undone.
var stateConstants = sync.OnceValue(func() *[fibonacciLength]uint64 {
	const seed = 1
	source := rand.NewSource(seed).(rand.Source64)
	var state [fibonacciLength]uint64
	for n := 1; n <= fibonacciLength; n++ {
		feed, _ := fibonacciPlaces(n)
		state[feed] = source.Uint64()
	}
	for n := fibonacciLength; n > 0; n-- {
		feed, tap := fibonacciPlaces(n)
		state[feed] -= state[tap]
	}
	for i := range state {
		state[i] ^= lehmerState(lehmerSeed(seed), i)
	}
	return &state
})
