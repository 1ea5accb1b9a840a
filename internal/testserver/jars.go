package testserver

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

//go:embed kafka.jars
var kafkaJars string

//go:embed other.jars
var otherJars string

// jar is one file of the repository.
type jar struct{ sum, path string }

func parseJars(list string) []jar {
	var jars []jar
	for _, line := range strings.Split(strings.TrimSpace(list), "\n") {
		sum, p, _ := strings.Cut(line, " ")
		jars = append(jars, jar{sum, p})
	}
	return jars
}

// find returns the jar of the list whose name has this prefix.
func find(prefix string) jar {
	for _, j := range parseJars(otherJars) {
		if strings.HasPrefix(path.Base(j.path), prefix) {
			return j
		}
	}
	panic("no jar " + prefix + " in other.jars")
}

// repository is the address of Maven Central. The pinned embedded-postgres library is the one place
// that knows it; REPLIQATE_MAVEN_REPOSITORY names a mirror.
func repository() (string, error) {
	if mirror := os.Getenv("REPLIQATE_MAVEN_REPOSITORY"); mirror != "" {
		return strings.TrimSuffix(mirror, "/"), nil
	}
	field := reflect.ValueOf(embeddedpostgres.DefaultConfig()).FieldByName("binaryRepositoryURL")
	if !field.IsValid() || field.Kind() != reflect.String {
		return "", errors.New("the embedded-postgres library no longer says where Maven Central is: " +
			"set REPLIQATE_MAVEN_REPOSITORY")
	}
	return field.String(), nil
}

// cacheDir is where downloads are kept between runs.
func cacheDir() (string, error) {
	dir := os.Getenv("REPLIQATE_CACHE")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder: %w; set REPLIQATE_CACHE", err)
		}
		dir = filepath.Join(base, "repliqate")
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// locked runs do while no other process works on the same thing.
func locked(name string, do func() error) error {
	f, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return do()
}

// fetch returns the file of a jar, downloaded if the cache lacks it or holds something else.
func fetch(ctx context.Context, j jar) (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, path.Base(j.path))
	err = locked(name, func() error {
		if sumOf(name) == j.sum {
			return nil
		}
		var err error
		for attempt := range 4 {
			if attempt > 0 {
				time.Sleep(time.Duration(attempt) * time.Second)
			}
			if err = download(ctx, j, name); err == nil || ctx.Err() != nil {
				break
			}
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", path.Base(j.path), err)
	}
	return name, nil
}

func sumOf(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

func download(ctx context.Context, j jar, name string) error {
	base, err := repository()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/"+j.path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the repository answered %s", response.Status)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".download-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, response.Body)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if got := sumOf(tmp.Name()); got != j.sum {
		return fmt.Errorf("the checksum is %s, want %s", got, j.sum)
	}
	return os.Rename(tmp.Name(), name)
}

// Prefetch downloads every server.
func Prefetch(ctx context.Context, log func(string)) error {
	for _, j := range append(parseJars(otherJars), parseJars(kafkaJars)...) {
		if _, err := fetch(ctx, j); err != nil {
			return err
		}
	}
	mysql, err := installMySQL(ctx)
	if err != nil && !errors.Is(err, ErrNoMySQL) {
		return err
	}
	log("servers are in the cache: PostgreSQL 14 and 18, MariaDB " + MariaDBVersion + ", Apache Kafka 4.1, Redis")
	if err != nil {
		log(attention("NO MYSQL: " + strings.Join(strings.Fields(err.Error()), " ")))
		return nil
	}
	log("and MySQL " + mysql.version + ", as Debian's newest suite has it")
	return nil
}

// attention frames a line that must not be overlooked.
func attention(line string) string {
	frame := strings.Repeat("!", 100)
	return frame + "\n!!! " + line + "\n" + frame
}
