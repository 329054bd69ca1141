package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"topoc/compiler/load"
)

// Times of a watcher.
const (
	lookAgain = time.Second            // how often it looks without having been told: network file systems tell nothing of changes made elsewhere
	settling  = 100 * time.Millisecond // how long nothing may change before a change counts as complete
	absence   = time.Second            // how long a file may be gone while an editor puts a new one in its place
	restless  = 5 * time.Second        // when a change counts though others keep following it
)

// watcher tells when the files and directories that topologies are read from change. It knows changes by looking: what the system
// says of directories only makes it look at once. So it does not matter how an editor saves, and links are followed.
type watcher struct {
	system *fsnotify.Watcher // nil: the system tells nothing
	inputs load.Inputs
	seen   map[string]fileState // by absolute name, without those that aren't there
	names  map[string]string    // how to call them
}

// fileState is what changes with a file's content.
type fileState struct {
	size    int64
	changed time.Time
}

// newWatcher watches what makes the topologies and data files that the user named. Its owner closes it.
func newWatcher(arguments []string) *watcher {
	w := &watcher{names: map[string]string{}}
	if system, err := fsnotify.NewWatcher(); err == nil { // few systems have no limit of these
		w.system = system
	}
	w.watch(argumentInputs(arguments), time.Now())
	return w
}

func (w *watcher) close() {
	if w.system != nil {
		w.system.Close()
	}
}

// argumentInputs returns what can be told of the inputs without reading any.
func argumentInputs(arguments []string) load.Inputs {
	var in load.Inputs
	for _, name := range arguments {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			in.Dirs = append(in.Dirs, name)
		} else {
			in.Files = append(in.Files, name)
		}
	}
	return in
}

// watch watches these inputs from now on. They were read since the given time: of those that were not watched before, what changed
// after it has changed unseen.
func (w *watcher) watch(inputs load.Inputs, since time.Time) {
	w.inputs = inputs
	now := w.look()
	for name, state := range now {
		if _, ok := w.seen[name]; !ok && w.seen != nil && state.changed.After(since) {
			delete(now, name)
		}
	}
	for name, before := range w.seen {
		if w.isInput(name) {
			now[name] = before
		}
	}
	w.seen = now
	w.listen()
}

// isInput reports whether the file of that absolute name is one of the inputs, or would be.
func (w *watcher) isInput(name string) bool {
	is := func(name string) func(string) bool {
		return func(input string) bool {
			absolute, err := filepath.Abs(input)
			return err == nil && absolute == name
		}
	}
	return slices.ContainsFunc(w.inputs.Files, is(name)) || slices.ContainsFunc(w.inputs.Dirs, is(filepath.Dir(name)))
}

// wait waits until something changes, and returns the names of what did, sorted; none when ctx ends.
func (w *watcher) wait(ctx context.Context) []string {
	var told chan fsnotify.Event
	var failed chan error
	if w.system != nil {
		told, failed = w.system.Events, w.system.Errors
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		now := w.look()
		if !maps.Equal(now, w.seen) {
			now = w.settled(ctx, now)
		}
		if changed := w.changed(now); len(changed) > 0 && ctx.Err() == nil {
			w.seen = now
			return changed
		}
		select {
		case <-ctx.Done():
			return nil
		case <-told:
		case <-failed: // it may have missed something
		case <-tick.C:
			w.listen() // a directory that is there again is another one
		}
	}
}

// settled looks until nothing changes any more and everything is there again, or it has taken too long.
func (w *watcher) settled(ctx context.Context, now map[string]fileState) map[string]fileState {
	began := time.Now()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(settling):
		}
		before := now
		now = w.look()
		took := time.Since(began)
		if maps.Equal(before, now) && (took > absence || !w.lacks(now)) || took > restless {
			break
		}
	}
	return now
}

// lacks reports whether something is gone.
func (w *watcher) lacks(now map[string]fileState) bool {
	for name := range w.seen {
		if _, ok := now[name]; !ok {
			return true
		}
	}
	return false
}

// changed returns how those are called that are not as they were seen.
func (w *watcher) changed(now map[string]fileState) []string {
	var names []string
	for name, state := range now {
		if before, ok := w.seen[name]; !ok || before != state {
			names = append(names, w.names[name])
		}
	}
	for name := range w.seen {
		if _, ok := now[name]; !ok {
			names = append(names, w.names[name])
		}
	}
	slices.Sort(names)
	return names
}

// look returns the state of every input that there is.
func (w *watcher) look() map[string]fileState {
	states := map[string]fileState{}
	add := func(name string) {
		absolute, err := filepath.Abs(name)
		if err != nil {
			return
		}
		if w.names[absolute] == "" {
			w.names[absolute] = name
		}
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			states[absolute] = fileState{info.Size(), info.ModTime()}
		}
	}
	for _, name := range w.inputs.Files {
		add(name)
	}
	for _, dir := range w.inputs.Dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // not there yet
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".cue" {
				add(filepath.Join(dir, e.Name()))
			}
		}
	}
	return states
}

// listen has the system tell of changes in the directories of the inputs, and in no others. Where it can't, looking again has to do.
func (w *watcher) listen() {
	if w.system == nil {
		return
	}
	w.drain() // on some systems it takes nothing on before all that it told was heard
	wanted := map[string]bool{}
	for _, name := range w.inputs.Files {
		wanted[existing(filepath.Dir(name))] = true
		if target, err := filepath.EvalSymlinks(name); err == nil {
			wanted[existing(filepath.Dir(target))] = true
		}
	}
	for _, dir := range w.inputs.Dirs {
		wanted[existing(dir)] = true
	}
	for _, dir := range w.system.WatchList() {
		if !wanted[dir] {
			_ = w.system.Remove(dir)
		}
	}
	for dir := range wanted {
		_ = w.system.Add(dir)
	}
}

// drain hears what the system has told so far.
func (w *watcher) drain() {
	for {
		select {
		case <-w.system.Events:
		case <-w.system.Errors:
		default:
			return
		}
	}
}

// existing returns the absolute name of a directory, or of the nearest one around it that exists.
func existing(dir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil && filepath.Dir(dir) != dir {
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
