// cilium-policy judges flows with Cilium's own policy packages: an oracle for policy-cilium.soak.ts.
//
// JSON lines in, JSON lines out; README.md tells the form of both.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
)

const clusterName = "default"

// A case may have thousands of objects; a line longer than this is a mistake.
const maxLineBytes = 64 << 20

func configure() {
	option.Config.EnableIPv4 = true
	option.Config.EnableIPv6 = false
	option.Config.AllowLocalhost = option.AllowLocalhostAlways
	option.Config.EnableL7Proxy = true
	option.Config.EnableICMPRules = true
	option.Config.EnableNonDefaultDenyPolicies = true
	policy.SetPolicyEnabled(option.DefaultEnforcement)
	api.InitEntities(clusterName)
}

// judge answers one line; what Cilium panics over is an answer too.
func judge(line []byte, logger *slog.Logger) (result answer) {
	defer func() {
		if cause := recover(); cause != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	var question testCase
	if err := json.Unmarshal(line, &question); err != nil {
		return answer{Error: fmt.Sprintf("cannot read the case: %v", err)}
	}
	world, err := newWorld(question, logger)
	if err != nil {
		return answer{Error: err.Error()}
	}
	result.Invalid = world.invalid
	if question.Dump {
		result.Filters = world.dump()
	}
	for _, probe := range question.Probes {
		answered, err := world.judge(probe)
		var unmerged conflict
		if errors.As(err, &unmerged) {
			answered.Error = err.Error()
		} else if err != nil {
			return answer{Error: err.Error()}
		}
		result.Verdicts = append(result.Verdicts, answered)
	}
	return result
}

func main() {
	configure()
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), maxLineBytes)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		result := judge(lines.Bytes(), logger)
		if result.Invalid == nil {
			result.Invalid = []invalidPolicy{}
		}
		if result.Verdicts == nil {
			result.Verdicts = []verdict{}
		}
		if err := encoder.Encode(result); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		// Whoever asks waits for the answer before asking again.
		if err := out.Flush(); err != nil {
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
