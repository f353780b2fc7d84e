// verify-export DIR [LOG.VKEY WITNESS.VKEY], the keys as you hold them, verifies an exported audit trail with packages that
// its makers did not write: GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify-export main.go (README.txt)
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func require(holds bool, format string, args ...any) {
	if !holds {
		fmt.Printf("NOT VERIFIED: "+format+"\n", args...)
		os.Exit(1)
	}
}
func read(to any, path ...string) []byte { // as JSON, unless `to` is nil
	data, err := os.ReadFile(filepath.Join(path...))
	require(err == nil && (to == nil || json.Unmarshal(data, to) == nil), "%v is missing or malformed", path)
	return data
}
func open(origin string, keys note.Verifiers, path ...string) (size int64, root tlog.Hash) {
	n, err := note.Open(read(nil, path...), keys)
	require(err == nil && len(n.Sigs) == 2, "%v is not signed by both: %v", path, err) // note.Open is content with one
	var hash string
	fmt.Sscanf(n.Text, origin+"\n%d\n%s\n", &size, &hash) // tlog.ParseTree knows one origin only
	root, err = tlog.ParseHash(hash)
	require(err == nil, "%v is no checkpoint of %s", path, origin)
	return size, root
}

func hash(lines [][]byte) (left tlog.Hash) { // of a whole subtree, on all cores
	if len(lines) == 1 && lines[0][0] == '-' { // discarded: its hash is left
		left, _ = tlog.ParseHash(string(lines[0][1 : len(lines[0])-1]))
	} else if len(lines) == 1 {
		left = tlog.RecordHash(lines[0][:len(lines[0])-1])
	} else if half := len(lines) / 2; half < 512 {
		left = tlog.NodeHash(hash(lines[:half]), hash(lines[half:]))
	} else {
		right := make(chan tlog.Hash)
		go func() { right <- hash(lines[half:]) }()
		left = tlog.NodeHash(hash(lines[:half]), <-right)
	}
	return left
}

func main() {
	require(len(os.Args) == 2 || len(os.Args) == 4, "usage: %s DIR [LOG.VKEY WITNESS.VKEY]", os.Args[0])
	dir := os.Args[1]
	keys := append(os.Args[2:], filepath.Join(dir, "log.vkey"), filepath.Join(dir, "witness.vkey"))
	log, err := note.NewVerifier(strings.TrimSpace(string(read(nil, keys[0]))))
	witness, err2 := note.NewVerifier(strings.TrimSpace(string(read(nil, keys[1]))))
	require(err == nil && err2 == nil && log.Name() != witness.Name(), "%v are no two keys", keys[:2])
	size, root := open(log.Name(), note.VerifierList(log, witness), dir, "checkpoint")
	var span struct {
		First, Count, Size int64
		Left               []tlog.Hash
		Proof              tlog.TreeProof
		Announcements      []int64
	}
	read(&span, dir, "range.json")
	discarded := map[int64]bool{} // by an entry that says so
	for _, index := range span.Announcements {
		var told struct {
			Entry string
			Proof tlog.RecordProof
		}
		read(&told, dir, "announcements", fmt.Sprintf("%d.json", index))
		var entry struct{ Action map[string]any }
		err := tlog.CheckRecord(told.Proof, size, root, index, tlog.RecordHash([]byte(told.Entry)))
		require(err == nil && json.Unmarshal([]byte(told.Entry), &entry) == nil, "announcement %d: %v", index, err)
		for _, run := range strings.Fields(fmt.Sprint(entry.Action["indices"])) {
			var from, to int64
			fmt.Sscanf(run+"-"+run, "%d-%d", &from, &to)
			for at := from; at <= to && at < size && entry.Action["action"] == "audit.discarded"; at++ {
				discarded[at] = true
			}
		}
	}
	file, _ := os.Open(filepath.Join(dir, "entries.jsonl"))
	info, err := file.Stat()
	require(err == nil, "entries.jsonl is missing")
	text, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	subtrees, batch, at, end := span.Left, [][]byte{}, span.First, span.First+span.Count // the tree so far, widest first
	for at < end {
		width := int64(1 << 14) // the widest subtree that begins here
		for at%width != 0 || at+width > end {
			width /= 2
		}
		for batch = batch[:0]; int64(len(batch)) < width; at++ {
			line := text[:bytes.IndexByte(text, '\n')+1]
			require(len(line) > 0, "entry %d is missing", at)
			require(line[0] != '-' || discarded[at], "entry %d is discarded and no entry says so", at)
			text, batch = text[len(line):], append(batch, line)
		}
		subtrees = append(subtrees, hash(batch))
		for ; len(subtrees) > 1 && (at&width == 0 || at == end); width *= 2 { // two of one width are one of the next
			last := len(subtrees) - 2
			subtrees = append(subtrees[:last], tlog.NodeHash(subtrees[last], subtrees[last+1]))
		}
	}
	require(len(text) == 0 && (err == nil || info.Size() == 0), "there are more entries than %d", span.Count)
	err = tlog.CheckTree(span.Proof, size, root, end, append(subtrees, tlog.Hash{})[0])
	require(err == nil, "the entries do not lead to the checkpoint: %v", err)
	if found, _ := filepath.Glob(filepath.Join(dir, "c*.*")); len(found) > 0 {
		var told struct{ Proof tlog.TreeProof }
		read(&told, dir, "consistency.json")
		oldSize, oldRoot := open(log.Name(), note.VerifierList(log, witness), dir, "checkpoint.old")
		err := tlog.CheckTree(told.Proof, size, root, oldSize, oldRoot)
		require(err == nil, "the checkpoint does not extend the earlier one: %v", err)
	}
	fmt.Printf("VERIFIED: entries %d to %d of %d in %s, witnessed by %s\n", span.First, end-1, size, log.Name(), witness.Name())
}
