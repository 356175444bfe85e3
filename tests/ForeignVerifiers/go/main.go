// Checks the audit log of a running node with golang.org/x/mod/sumdb: signatures, tiles, entries, and that a later tree goes on where an earlier one ended.
//
//	go run main.go URL KEY VKEY [CHECKPOINT-FILE]
//
// The file holds a checkpoint seen earlier; it is written anew at the end.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

var base, key string

func get(path string) []byte {
	request, err := http.NewRequest("GET", base+"/v1/audit/log/"+path, nil)
	must(err)
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != 200 {
		fail("%s: %s %s", path, answer.Status, body)
	}
	return body
}

// The path of a tile: sumdb's with the height left out.
func pathOf(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/"+strconv.Itoa(t.H)+"/")
}

type tiles struct{}

func (tiles) Height() int { return height }

func (tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(all))
	for i, t := range all {
		data[i] = get(pathOf(t))
	}
	return data, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func open(signed []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		fail("another log: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

func main() {
	base, key = os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(os.Args[3])
	must(err)
	signed := get("checkpoint")
	tree := open(signed, verifier)
	changed := bytes.Replace(signed, []byte("\n"+strconv.FormatInt(tree.N, 10)+"\n"), []byte("\n"+strconv.FormatInt(tree.N+1, 10)+"\n"), 1)
	if _, err := note.Open(changed, note.VerifierList(verifier)); err == nil {
		fail("a changed checkpoint was accepted")
	}
	reader := tlog.TileHashReader(tree, tiles{})

	// Every entry, with its proof.
	count := int64(0)
	for first := int64(0); first < tree.N; first += 1 << height {
		width := int(min64(1<<height, tree.N-first))
		path := "tile/entries/" + strings.TrimPrefix(pathOf(tlog.Tile{H: height, L: 0, N: first >> height, W: width}), "tile/0/")
		bundle := get(path)
		for i := 0; i < width; i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			at := first + int64(i)
			proof, err := tlog.ProveRecord(tree.N, at, reader)
			must(err)
			must(tlog.CheckRecord(proof, tree.N, tree.Hash, at, tlog.RecordHash(entry)))
			if tlog.CheckRecord(proof, tree.N, tree.Hash, at, tlog.RecordHash(append([]byte(" "), entry...))) == nil {
				fail("a changed entry was accepted at %d", at)
			}
			count++
		}
		if len(bundle) > 0 {
			fail("%s is longer than its entries", path)
		}
	}

	earlier := int64(0)
	if len(os.Args) > 4 {
		if seen, err := os.ReadFile(os.Args[4]); err == nil {
			old := open(seen, verifier)
			earlier = old.N
			proof, err := tlog.ProveTree(tree.N, old.N, reader)
			must(err)
			must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
		}
		must(os.WriteFile(os.Args[4], signed, 0o600))
	}
	fmt.Printf("%d entries of %d, from %d on\n", count, tree.N, earlier)
}

func min64(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}
