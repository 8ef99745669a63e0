package main

import "encoding/json"

// What is asked.
type testCase struct {
	Identities []pod             `json:"identities"`
	Policies   []json.RawMessage `json:"policies"`
	// What DNS gave: names, and their addresses.
	Names  map[string][]string `json:"names"`
	Probes []probe             `json:"probes"`
	// Whether to answer the filters of every pod too, as text for people.
	Dump bool `json:"dump"`
}

type pod struct {
	ID         uint32          `json:"id"`
	Labels     []string        `json:"labels"`
	NamedPorts map[string]port `json:"namedPorts"`
}

type port struct {
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

type probe struct {
	From     peer   `json:"from"`
	To       peer   `json:"to"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

// The number of an identity, or an address.
type peer struct {
	id      uint32
	address string
}

func (p *peer) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.address)
	}
	return json.Unmarshal(data, &p.id)
}

// What is answered.
type answer struct {
	Invalid  []invalidPolicy     `json:"invalid"`
	Verdicts []verdict           `json:"verdicts"`
	Filters  map[uint32][]string `json:"filters,omitempty"`
	Error    string              `json:"error,omitempty"`
}

type invalidPolicy struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Error     string `json:"error"`
}

type verdict struct {
	Verdict string `json:"verdict"`
	Egress  string `json:"egress"`
	Ingress string `json:"ingress"`
	L7      bool   `json:"l7"`
	// Authentication asked for, by direction, where it is.
	Auth map[string]string `json:"auth,omitempty"`
	// Why Cilium cannot compute the policy of one of the pods; then the rest means nothing.
	Error string `json:"error,omitempty"`
}
