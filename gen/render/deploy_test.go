package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/gen/render"
)

// nasty is a table whose name would end a text that is not quoted.
var nasty = render.Data{Package: "a_b", Table: `s."o: #{x}"`, Key: "id", Folder: "generated/a_b"}

func extra(t *testing.T, d render.Data, what, name string) []byte {
	t.Helper()
	files, err := render.Extras(d, []string{what})
	if err != nil {
		t.Fatal(err)
	}
	if len(files[name]) == 0 {
		t.Fatalf("--with %s writes no %s", what, name)
	}
	return files[name]
}

// documents reads every document of a YAML file.
func documents(t *testing.T, content []byte) (out []map[string]any) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var doc map[string]any
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, content)
		}
		out = append(out, doc)
	}
}

// at follows keys and indexes into a document.
func at(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := doc.(map[string]any)
			doc = m[step]
		case int:
			l, _ := doc.([]any)
			if step >= len(l) {
				t.Fatalf("%v has too few items", path)
			}
			doc = l[step]
		}
	}
	return doc
}

// TestKubernetes wants a hardened pod whose probes ask the page, and as many as can stand by.
func TestKubernetes(t *testing.T) {
	for _, d := range []render.Data{nasty, data, {Package: "ledger", Table: "ledger", Key: "id", LocalFile: true}} {
		docs := documents(t, extra(t, d, "kubernetes", "kubernetes.yaml"))
		kinds := []string{}
		for _, doc := range docs {
			kinds = append(kinds, doc["kind"].(string))
			name, _ := at(t, doc, "metadata", "name").(string)
			if !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(name) {
				t.Errorf("%q is no name that Kubernetes takes", name)
			}
		}
		want, replicas := []string{"Deployment", "PodDisruptionBudget", "NetworkPolicy"}, 2
		if d.LocalFile {
			want, replicas = []string{"Deployment", "NetworkPolicy"}, 1
		}
		if !slices.Equal(kinds, want) || at(t, docs[0], "spec", "replicas") != replicas {
			t.Errorf("%s: %v with %v replicas", d.Package, kinds, at(t, docs[0], "spec", "replicas"))
		}
		pod := at(t, docs[0], "spec", "template", "spec")
		container := at(t, pod, "containers", 0)
		for path, value := range map[string]any{
			"securityContext.runAsNonRoot": true, "securityContext.seccompProfile.type": "RuntimeDefault",
			"automountServiceAccountToken": false,
		} {
			if got := at(t, pod, steps(path)...); got != value {
				t.Errorf("%s is %v", path, got)
			}
		}
		for path, value := range map[string]any{
			"securityContext.readOnlyRootFilesystem": true, "securityContext.allowPrivilegeEscalation": false,
			"livenessProbe.httpGet.path": "/healthz", "readinessProbe.httpGet.path": "/readyz",
			"resources.limits.memory": "512Mi",
		} {
			if got := at(t, container, steps(path)...); got != value {
				t.Errorf("%s is %v", path, got)
			}
		}
		selected := at(t, docs[0], "spec", "selector", "matchLabels", "app.kubernetes.io/instance")
		given := at(t, docs[0], "spec", "template", "metadata", "labels", "app.kubernetes.io/instance")
		if selected == nil || selected != given {
			t.Errorf("the deployment selects %v, its pods are %v", selected, given)
		}
	}
}

func steps(path string) (out []any) {
	for step := range strings.SplitSeq(path, ".") {
		out = append(out, step)
	}
	return out
}

func TestCompose(t *testing.T) {
	for _, d := range []render.Data{nasty, {Package: "ledger", Table: "ledger", Key: "id", LocalFile: true}} {
		doc := documents(t, extra(t, d, "compose", "compose.yaml"))[0]
		service := at(t, doc, "services", "repliqate-"+strings.ReplaceAll(d.Package, "_", "-"))
		if at(t, service, "read_only") != true || at(t, service, "cap_drop", 0) != "ALL" ||
			at(t, service, "user") != "65532:65532" {
			t.Errorf("the service is not hardened: %v", service)
		}
		used, _ := at(t, service, "secrets").([]any)
		given, _ := at(t, doc, "secrets").(map[string]any)
		for _, name := range used {
			if given[name.(string)] == nil {
				t.Errorf("secret %v is not given", name)
			}
		}
		if len(used) != len(given) {
			t.Errorf("secrets %v are used, %v are given", used, given)
		}
	}
}

var metricName = regexp.MustCompile(`repliqate_[a-z_]+`)

// known are the metrics that docs/operate.md lists, which another test compares with those that are exposed.
func known(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	return metricName.FindAllString(string(page), -1)
}

func checkMetrics(t *testing.T, expr string, known []string) {
	t.Helper()
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s asks for no metric", expr)
	}
	for _, name := range names {
		if !slices.Contains(known, strings.TrimSuffix(name, "_bucket")) {
			t.Errorf("%s is not a metric of repliqate", name)
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if bare := regexp.MustCompile(`"(\\.|[^"\\])*"`).ReplaceAllString(expr, ""); strings.Count(bare, pair[:1]) !=
			strings.Count(bare, pair[1:]) {
			t.Errorf("%s has brackets without an end", expr)
		}
	}
}

// TestAlertRules are of metrics that exist, and each says what to do.
func TestAlertRules(t *testing.T) {
	for _, d := range []render.Data{nasty, data} {
		doc := documents(t, extra(t, d, "prometheus", "repliqate-"+d.Package+".rules.yaml"))[0]
		rules, _ := at(t, doc, "groups", 0, "rules").([]any)
		if len(rules) != 7 {
			t.Fatalf("%d rules", len(rules))
		}
		for _, rule := range rules {
			expr, _ := at(t, rule, "expr").(string)
			checkMetrics(t, expr, known(t))
			for _, path := range []string{"alert", "labels.severity", "annotations.summary", "annotations.description"} {
				if text, _ := at(t, rule, steps(path)...).(string); text == "" {
					t.Errorf("%v lacks %s", rule, path)
				}
			}
			quoted, _ := json.Marshal(d.Table)
			if !strings.Contains(expr, "table="+string(quoted)) {
				t.Errorf("%s is not of the table", expr)
			}
		}
	}
}

// TestDashboard is JSON with what Grafana needs: panels that do not overlap, and queries of metrics that exist.
func TestDashboard(t *testing.T) {
	var board struct {
		Title, UID    string
		SchemaVersion int
		Panels        []struct {
			ID      int
			Type    string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ RefID, Expr string }
		}
	}
	content := extra(t, nasty, "grafana", "repliqate-a_b.grafana.json")
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatalf("%v\n%s", err, content)
	}
	if board.Title == "" || board.UID == "" || board.SchemaVersion == 0 || len(board.Panels) < 10 {
		t.Errorf("the dashboard is %+v", board)
	}
	taken := map[[2]int]int{}
	for _, p := range board.Panels {
		if p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H == 0 || len(p.Targets) == 0 {
			t.Errorf("panel %d is %+v", p.ID, p)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[cell]; other != 0 {
					t.Fatalf("panels %d and %d overlap", other, p.ID)
				}
				taken[cell] = p.ID
			}
		}
		for _, target := range p.Targets {
			checkMetrics(t, target.Expr, known(t))
		}
	}
}
