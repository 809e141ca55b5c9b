// Package pgtest starts a private PostgreSQL server for tests, on a free port of loopback. It uses the installed programs; initdb does
// not run as root, so root starts them as the user postgres or nobody.
package pgtest

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Main runs the tests of a package, and stops the server afterwards: TestMain calls it.
func Main(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

var (
	start  = sync.OnceValues(startServer)
	server struct {
		mu      sync.Mutex
		process *exec.Cmd
		folder  string
	}
	databases atomic.Int64
)

// errNotInstalled reports that there are no programs of PostgreSQL.
var errNotInstalled = errors.New("PostgreSQL is not installed (Debian: apt-get install postgresql); CI has it")

// Database returns the URL of a new, empty database. All tests of a package share one server, and the package's TestMain must be
// Main. Without PostgreSQL the test is skipped, or fails if REQUIRE_POSTGRES is set, as it is in CI.
func Database(t testing.TB) string {
	t.Helper()
	url, err := start()
	switch {
	case errors.Is(err, errNotInstalled) && os.Getenv("REQUIRE_POSTGRES") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	if err := run(t.Context(), url+"postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return url + name
}

func run(ctx context.Context, url, statement string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// programs returns the folder of the newest server programs.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // where Debian has them
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	for _, name := range []string{"/usr/local/bin/postgres", "/opt/homebrew/bin/postgres"} {
		if _, err := os.Stat(name); err == nil {
			found = append(found, name)
		}
	}
	if name, err := exec.LookPath("postgres"); err == nil {
		found = append(found, name)
	}
	if len(found) == 0 {
		return "", errNotInstalled
	}
	return filepath.Dir(found[0]), nil
}

// version is that of a program in a folder such as /usr/lib/postgresql/16/bin.
func version(program string) float64 {
	number, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(program))), 64)
	return number
}

// startServer returns the URL of a server, up to the name of the database.
func startServer() (string, error) {
	bin, err := programs()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return "", err
	}
	server.folder = folder
	attributes, err := processAttributes(folder)
	if err != nil {
		return "", err
	}
	command := func(name string, args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd, out := exec.Command(filepath.Join(bin, name), args...), new(bytes.Buffer) //nolint:gosec,noctx // G204: a program of PostgreSQL; it outlives a test
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = folder, out, out, attributes
		return cmd, out
	}
	data := filepath.Join(folder, "data")
	initdb, out := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err := initdb.Run(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	postgres, out := command("postgres", "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	if err := postgres.Start(); err != nil {
		return "", err
	}
	server.mu.Lock()
	server.process = postgres
	server.mu.Unlock()
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/", port)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := run(context.Background(), url+"postgres?connect_timeout=5", "SELECT 1")
		if err == nil {
			return url, nil
		}
		if time.Now().After(deadline) {
			stop()
			return "", fmt.Errorf("postgres does not respond: %w: %s", err, out)
		}
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func stop() {
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.process != nil {
		_ = server.process.Process.Signal(os.Interrupt) // a fast shutdown
		_ = server.process.Wait()
		server.process = nil
	}
	if server.folder != "" {
		_ = os.RemoveAll(server.folder)
	}
}
