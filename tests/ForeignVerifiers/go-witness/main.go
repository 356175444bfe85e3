// Checks a checkpoint with its cosignatures (C2SP tlog-cosignature, Ed25519) with golang.org/x/mod/sumdb/note: the log's signature, and every witness's.
//
//	go run main.go NOTE-FILE LOG-VKEY WITNESS-VKEY…
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A witness's key: algorithm 4, which the package itself does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, message)), signature[8:])
}

func read(vkey string) witness {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		fail("no key: %s", vkey)
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(key) != 33 || key[0] != 4 {
		fail("not a witness's key: %s", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if binary.BigEndian.Uint32(sum[:]) != uint32(hash) {
		fail("the key's hash is wrong: %s", vkey)
	}
	return witness{parts[0], uint32(hash), key[1:]}
}

func main() {
	signed, err := os.ReadFile(os.Args[1])
	must(err)
	log, err := note.NewVerifier(os.Args[2])
	must(err)
	verifiers := []note.Verifier{log}
	for _, vkey := range os.Args[3:] {
		verifiers = append(verifiers, read(vkey))
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	must(err)
	if len(opened.Sigs) != len(verifiers) {
		fail("%d of %d have signed", len(opened.Sigs), len(verifiers))
	}

	// One byte of a cosignature's time, and it is none.
	lines := strings.Split(strings.TrimSuffix(string(signed), "\n"), "\n")
	last := strings.Split(lines[len(lines)-1], " ")
	raw, err := base64.StdEncoding.DecodeString(last[2])
	must(err)
	raw[11]++
	changed := bytes.Replace(signed, []byte(last[2]), []byte(base64.StdEncoding.EncodeToString(raw)), 1)
	if _, err := note.Open(changed, note.VerifierList(verifiers...)); err == nil {
		fail("a changed time was accepted")
	}
	fmt.Printf("the log and %d witnesses\n", len(verifiers)-1)
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
