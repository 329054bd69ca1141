package artifact

// stage writes both manifests and all files to the staging directory, and waits until the disk has them.
func (b *build) stage() error {
	at, err := b.look(stageDir)
	if err != nil {
		return err
	}
	if at.what != nothing {
		if err := b.removeAll(stageDir); err != nil {
			return err
		}
	}
	if err := b.mkdir(stageDir, stageDir); err != nil {
		return err
	}
	if err := b.stageFiles(); err != nil {
		return err
	}
	places := append([]string{stagedUnderway, stagedFinal}, b.places...)
	for i := range b.places {
		places = append(places, b.newDirs(i)...)
	}
	return b.sync(places)
}

// stagers write the files of a build to the staging directory.
type stagers struct {
	*build
	made map[string]bool // directories that files of more than one batch share
}

// manifests is how many of them are staged. They come before the files.
const manifests = 2

// stageFiles writes the manifests and the files, on all processors where they are many. Each worker has a store of its own: what that keeps
// open is for one. The error is that of the first file, by its path, that cannot be written; files behind it may not be written then.
func (b *build) stageFiles() error {
	s := &stagers{build: b, made: map[string]bool{}}
	if err := s.makeShared(); err != nil {
		return err
	}
	return inBatches(manifests+len(b.writes), func(int) (work func(i int) error, done func()) {
		own := s.worker()
		work = func(i int) error {
			switch i {
			case 0:
				return own.create(stagedUnderway, &File{Path: ManifestName, Mode: Plain, Data: b.underway.encode()})
			case 1:
				return own.create(stagedFinal, &File{Path: ManifestName, Mode: Plain, Data: b.finalText})
			}
			return s.stageFile(own, i-manifests)
		}
		return work, own.forget
	})
}

// worker returns a store of the same directory. Once it is forgotten nothing is open of what it wrote, and directories of that can be
// renamed.
func (s *stagers) worker() *store { return &store{tree: newTree(s.dir, s.root), around: s.around} }

// makeShared makes the directories in which more than one batch of files is. All others are needed by one, whose worker makes them.
func (s *stagers) makeShared() error {
	own := s.worker()
	defer own.forget()
	for i := batch - manifests; i < len(s.writes); i += batch {
		for _, dir := range s.sharedDirs(i) {
			if s.made[dir] {
				continue
			}
			if err := own.mkdir(dir, s.meant(dir, i)); err != nil {
				return err
			}
			s.made[dir] = true
		}
	}
	return nil
}

// stageFile writes a file, and makes the directories above it that nobody has made.
func (s *stagers) stageFile(own *store, i int) error {
	for _, dir := range s.newDirs(i) {
		if s.made[dir] {
			continue
		}
		if err := own.mkdir(dir, s.meant(dir, i)); err != nil {
			return err
		}
	}
	return own.create(s.places[i], s.writes[i])
}
