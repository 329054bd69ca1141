package check
import ("testing";"os";"strconv";"topoc/compiler/internal/topogen")
func TestZZDump(t *testing.T) { n,_:=strconv.Atoi(os.Getenv("SEED")); os.WriteFile("/tmp/seed.cue", topogen.Random(int64(n)), 0o644) }
