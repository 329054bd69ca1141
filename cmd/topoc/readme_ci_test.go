package main

import (
	"fmt"
	"strings"
)

// userConfig is what a user's files tell pre-commit, GitHub and GitLab of topoc.
type userConfig struct {
	Repos []struct { // of .pre-commit-config.yaml
		Hooks []struct {
			ID   string   `json:"id"`
			Args []string `json:"args"`
		} `json:"hooks"`
	} `json:"repos"`
	Jobs map[string]struct { // of a workflow
		Steps []struct {
			Uses string         `json:"uses"`
			With map[string]any `json:"with"`
		} `json:"steps"`
	} `json:"jobs"`
	Include []struct { // of .gitlab-ci.yml
		File   string         `json:"file"`
		Inputs map[string]any `json:"inputs"`
	} `json:"include"`
}

// services runs what a file of the session has services run; all of it must succeed.
func (s *readmeSession) services(b *readmeBlock, config userConfig) {
	j := newCIJob(s.T, s.dir, true)
	expect := func(what string, r ciRun) {
		s.steps++
		if r.code != exitOK {
			s.Errorf("README.md:%d: %s: %s: exit code %d\n%s", b.line, b.file, what, r.code, r.output)
		}
	}
	for _, repo := range config.Repos {
		for _, h := range repo.Hooks {
			expect(h.ID, j.hook(h.ID, h.Args...))
		}
	}
	for _, job := range config.Jobs {
		for _, step := range job.Steps {
			if strings.Contains(step.Uses, "/topoc@") {
				expect(step.Uses, j.action(words(step.With)))
			}
		}
	}
	for _, include := range config.Include {
		if include.File != "/.gitlab/topoc.yml" {
			s.Errorf("README.md:%d: %s: it includes %s", b.line, b.file, include.File)
		}
		expect(include.File, j.template("bash", words(include.Inputs)))
	}
}

// words returns inputs as services hand them on.
func words(inputs map[string]any) map[string]string {
	all := map[string]string{}
	for name, value := range inputs {
		all[name] = fmt.Sprint(value)
	}
	return all
}
