// Verifies an exported audit trail: verify-export DIR [LOG.VKEY WITNESS.VKEY], the keys as you hold them. What decides is in
// packages that the makers of the log did not write. With Debian's golang-go and golang-golang-x-mod-dev:
// GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify-export main.go
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var subtrees [64]tlog.Hash // what the tree so far is made of, told from left to right: one of each width

func stored(indexes []int64) (hashes []tlog.Hash, err error) {
	for _, index := range indexes {
		level, _ := tlog.SplitStoredHashIndex(index)
		hashes = append(hashes, subtrees[level])
	}
	return hashes, nil
}

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
	for level := 62; level >= 0; level-- {
		if span.First>>level&1 == 1 && len(span.Left) > 0 {
			subtrees[level], span.Left = span.Left[0], span.Left[1:]
		}
	}
	missing, end := map[int64]bool{}, span.First+span.Count
	file, _ := os.Open(filepath.Join(dir, "entries.jsonl"))
	lines := bufio.NewReaderSize(file, 1<<20)
	for at := span.First; at < end; at++ {
		line, err := lines.ReadSlice('\n')
		require(err == nil, "entry %d is missing", at)
		hash := tlog.RecordHash(line[:len(line)-1])
		if bytes.HasPrefix(line, []byte("-")) { // discarded: its hash is left
			hash, _ = tlog.ParseHash(string(line[1 : len(line)-1]))
			missing[at] = true
		}
		hashes, _ := tlog.StoredHashesForRecordHash(at, hash, tlog.HashReaderFunc(stored))
		copy(subtrees[:], hashes)
	}
	_, err = lines.ReadByte()
	require(err != nil, "there are more entries than %d", span.Count)
	reached, _ := tlog.TreeHash(end, tlog.HashReaderFunc(stored))
	err = tlog.CheckTree(span.Proof, size, root, end, reached)
	require(err == nil, "the entries do not lead to the checkpoint: %v", err)
	for _, index := range span.Announcements {
		var told struct {
			Entry string
			Proof tlog.RecordProof
		}
		read(&told, dir, "announcements", fmt.Sprintf("%d.json", index))
		var entry struct {
			Action struct{ Action, Indices string }
		}
		err := tlog.CheckRecord(told.Proof, size, root, index, tlog.RecordHash([]byte(told.Entry)))
		require(err == nil && json.Unmarshal([]byte(told.Entry), &entry) == nil, "announcement %d: %v", index, err)
		for _, run := range strings.Fields(entry.Action.Indices) {
			var from, to int64
			fmt.Sscanf(run+"-"+run, "%d-%d", &from, &to)
			for at := from; at <= to && at < size && entry.Action.Action == "audit.discarded"; at++ {
				delete(missing, at)
			}
		}
	}
	require(len(missing) == 0, "%d entries are discarded and no entry says so", len(missing))
	if found, _ := filepath.Glob(filepath.Join(dir, "c*.*")); len(found) > 0 {
		var told struct{ Proof tlog.TreeProof }
		read(&told, dir, "consistency.json")
		oldSize, oldRoot := open(log.Name(), note.VerifierList(log, witness), dir, "checkpoint.old")
		err := tlog.CheckTree(told.Proof, size, root, oldSize, oldRoot)
		require(err == nil, "the checkpoint does not extend the earlier one: %v", err)
	}
	fmt.Printf("VERIFIED: entries %d to %d of %d in %s, witnessed by %s\n", span.First, end-1, size, log.Name(), witness.Name())
}
