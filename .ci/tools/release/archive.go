package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// file is one file of an archive.
type file struct {
	name string
	mode fs.FileMode
	from string // its content's place; "": data is its content
	data []byte
}

func (f *file) read() ([]byte, error) {
	if f.from == "" {
		return f.data, nil
	}
	return os.ReadFile(f.from)
}

// writeTar writes a compressed tar. Every file in it is root's and of the same time.
func writeTar(name string, files []file, at time.Time) error {
	return create(name, func(w io.Writer) error {
		// The header of gzip stays without a time and a name.
		zipped := gzip.NewWriter(w)
		archive := tar.NewWriter(zipped)
		for _, f := range files {
			data, err := f.read()
			if err != nil {
				return err
			}
			err = archive.WriteHeader(&tar.Header{
				Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(data)), Mode: int64(f.mode), ModTime: at, Format: tar.FormatUSTAR,
			})
			if err != nil {
				return err
			}
			if _, err := archive.Write(data); err != nil {
				return err
			}
		}
		return errors.Join(archive.Close(), zipped.Close())
	})
}

// writeZip writes a zip. Every file in it is of the same time.
func writeZip(name string, files []file, at time.Time) error {
	return create(name, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, f := range files {
			data, err := f.read()
			if err != nil {
				return err
			}
			header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at.UTC()}
			header.SetMode(f.mode)
			member, err := archive.CreateHeader(header)
			if err != nil {
				return err
			}
			if _, err := member.Write(data); err != nil {
				return err
			}
		}
		return archive.Close()
	})
}

func create(name string, write func(io.Writer) error) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(out), out.Close())
}
