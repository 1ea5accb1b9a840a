package render

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// panel is one of the dashboard.
type panel struct {
	ID, H, W, X, Y                 int
	Type, Title, Description, Unit string
	Targets                        []target
}

// target is one query of a panel.
type target struct{ ID, Expr, Legend string }

// panels are those of the dashboard for a table: three in a row, of which the first row are single numbers.
func panels(table string) []panel {
	of := "{table=" + strconv.Quote(table) + "}"
	series := func(expr, legend string) target {
		return target{Expr: strings.ReplaceAll(expr, "{}", of), Legend: legend}
	}
	quantile := func(q float64, what string) target {
		buckets := "repliqate_" + what + "_duration_seconds_bucket{}"
		return series(fmt.Sprintf("histogram_quantile(%g, sum by (le) (rate(%s[5m])))", q, buckets),
			fmt.Sprintf("p%g", q*100))
	}
	out := []panel{
		{Type: "stat", Title: "Instances that publish", Unit: "none", Description: "One, or two for a moment",
			Targets: []target{series("sum(repliqate_lease_held{})", "")}},
		{Type: "stat", Title: "Behind", Unit: "s", Description: "For how long something has been unpublished",
			Targets: []target{series("max(repliqate_behind_seconds{})", "")}},
		{Type: "stat", Title: "Rows behind", Unit: "short", Description: "As many rows are still to come, or fewer",
			Targets: []target{series("max(repliqate_rows_behind{})", "")}},
		{Type: "timeseries", Title: "Rows per second", Unit: "short", Description: "What Kafka has acknowledged",
			Targets: []target{series("sum(rate(repliqate_rows_read_total{}[1m]))", "read"),
				series("sum(rate(repliqate_rows_published_total{}[1m]))", "published"),
				series("sum(rate(repliqate_rows_committed_total{}[1m]))", "committed")}},
		{Type: "timeseries", Title: "Behind", Unit: "s", Description: "And for how long transactions hold rows back",
			Targets: []target{series("max(repliqate_behind_seconds{})", "behind"),
				series("max(repliqate_horizon_age_seconds{})", "held back")}},
		{Type: "timeseries", Title: "Rows behind", Unit: "short", Description: "All, and those not read yet",
			Targets: []target{series("max(repliqate_rows_behind{})", "behind"),
				series("max(repliqate_settled_lag_keys{})", "not settled or not read")}},
		{Type: "timeseries", Title: "Publish latency", Unit: "s", Description: "From Kafka, for a batch",
			Targets: []target{quantile(0.5, "publish"), quantile(0.99, "publish")}},
		{Type: "timeseries", Title: "Poll latency", Unit: "s", Description: "Of the database",
			Targets: []target{quantile(0.5, "poll"), quantile(0.99, "poll")}},
		{Type: "timeseries", Title: "Commit latency", Unit: "s", Description: "Of the offset store",
			Targets: []target{quantile(0.5, "commit"), quantile(0.99, "commit")}},
		{Type: "timeseries", Title: "Failures tried again", Unit: "short", Description: "By operation, in five minutes",
			Targets: []target{series("sum by (operation) (increase(repliqate_retries_total{}[5m]))", "{{operation}}")}},
		{Type: "timeseries", Title: "Rows that need someone", Unit: "short", Description: "See the log for their keys",
			Targets: []target{series("sum(increase(repliqate_late_rows_total{}[5m]))", "late"),
				series("sum(increase(repliqate_dead_letters_total{}[5m]))", "dead letters"),
				series("sum(increase(repliqate_rows_reread_total{}[5m]))", "read once more")}},
		{Type: "timeseries", Title: "In flight", Unit: "bytes", Description: "Read and not acknowledged",
			Targets: []target{series("sum(repliqate_inflight_bytes{})", "bytes")}},
	}
	for i := range out {
		p := &out[i]
		p.ID, p.W, p.H, p.X, p.Y = i+1, 8, 8, i%3*8, i/3*8-4
		if i < 3 {
			p.H, p.Y = 4, 0
		}
		for n := range p.Targets {
			p.Targets[n].ID = string(rune('A' + n))
		}
	}
	return out
}

// toJSON writes a text as JSON has it.
func toJSON(value string) (string, error) {
	content, err := json.Marshal(value)
	return string(content), err
}

// dnsName is a package's name as Kubernetes takes names.
func dnsName(pkg string) string { return strings.Trim(strings.ReplaceAll(pkg, "_", "-"), "-") }
