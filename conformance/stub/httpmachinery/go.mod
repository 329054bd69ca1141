// Calico's go.mod names this module, which no proxy serves and nothing built here imports.
module github.com/projectcalico/calico/lib/httpmachinery

go 1.25
