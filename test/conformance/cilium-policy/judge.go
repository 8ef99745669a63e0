package main

import (
	"fmt"
	"net/netip"
	"sort"

	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/spanstat"
	"github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

// Any port will do: that there is one is what makes an entry a redirect.
const proxyPort = 10001

func isPod(id uint32) bool {
	return id >= 256 && id < 1<<24
}

// A pod, as far as computing a policy asks about it.
type endpoint struct {
	id       uint64
	identity *identity.Identity
	own      types.NamedPortMap
	cluster  types.NamedPortMultiMap
}

func (e *endpoint) GetID() uint64 { return e.id }

func (e *endpoint) GetNamedPort(ingress bool, name string, proto u8proto.U8proto) uint16 {
	var port uint16
	if ingress {
		port, _ = e.own.GetNamedPort(name, proto)
	} else {
		port, _ = e.cluster.GetNamedPort(name, proto)
	}
	return port
}

func (e *endpoint) PolicyDebug(string, ...any) {}

func (e *endpoint) IsHost() bool { return false }

func (e *endpoint) PreviousMapState() *policy.MapState { return nil }

func (e *endpoint) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

type statistics struct{ waiting, calculating spanstat.SpanStat }

func (s *statistics) WaitingForPolicyRepository() *spanstat.SpanStat { return &s.waiting }

func (s *statistics) SelectorPolicyCalculation() *spanstat.SpanStat { return &s.calculating }

// conflict is what Cilium says of rules that cannot be merged.
type conflict struct{ cause error }

func (c conflict) Error() string { return c.cause.Error() }

func (w *world) policyOf(id uint32) (*policy.EndpointPolicy, error) {
	if known, ok := w.policies[id]; ok {
		return known, nil
	}
	pod, ok := w.pods[id]
	if !ok {
		return nil, fmt.Errorf("no identity %d in this case", id)
	}
	selected, _, err := w.repository.GetSelectorPolicy(pod.identity, 0, &statistics{}, pod.id)
	if err != nil {
		return nil, conflict{fmt.Errorf("policy of %d: %w", id, err)}
	}
	computed := selected.DistillPolicy(w.logger, pod, redirectsOf(selected, pod))
	computed.Ready()
	computed.Detach(w.logger)
	w.policies[id] = computed
	return computed, nil
}

// redirectsOf does what an endpoint does before its policy is computed: a proxy for each redirect.
func redirectsOf(selected policy.SelectorPolicy, pod *endpoint) map[string]uint16 {
	redirects := map[string]uint16{}
	for filter, perSelector := range selected.RedirectFilters() {
		port := filter.Port
		if port == 0 && filter.PortName != "" {
			port = pod.GetNamedPort(filter.Ingress, filter.PortName, filter.U8Proto)
			if port == 0 {
				continue
			}
		}
		listener := perSelector.Policy.GetListener()
		id := policy.ProxyID(uint16(pod.id), filter.Ingress, string(filter.Protocol), port, listener)
		redirects[id] = proxyPort
	}
	return redirects
}

func (w *world) identityOf(p peer) (uint32, error) {
	if p.address == "" {
		return p.id, nil
	}
	address, err := netip.ParseAddr(p.address)
	if err != nil {
		return 0, err
	}
	return uint32(w.addresses.lookup(address)), nil
}

func (w *world) judge(p probe) (verdict, error) {
	answered := verdict{Verdict: "allowed", Egress: "allowed", Ingress: "allowed"}
	protocol, err := u8proto.ParseProtocol(p.Protocol)
	if err != nil {
		return answered, err
	}
	from, err := w.identityOf(p.From)
	if err != nil {
		return answered, err
	}
	to, err := w.identityOf(p.To)
	if err != nil {
		return answered, err
	}
	look := func(subject, other uint32, direction string, key policy.Key, into *string) error {
		if !isPod(subject) {
			return nil
		}
		computed, err := w.policyOf(subject)
		if err != nil {
			return err
		}
		key = key.WithIdentity(identity.NumericIdentity(other)).WithPortProto(protocol, p.Port)
		entry, _, found := computed.Lookup(key)
		if !found || entry.IsDeny() {
			*into = "denied"
			answered.Verdict = "denied"
			return nil
		}
		if entry.IsRedirectEntry() {
			answered.L7 = true
		}
		if kind := entry.AuthRequirement.AuthType(); kind != 0 {
			if answered.Auth == nil {
				answered.Auth = map[string]string{}
			}
			answered.Auth[direction] = kind.String()
		}
		return nil
	}
	if err := look(from, to, "egress", policy.EgressKey(), &answered.Egress); err != nil {
		return answered, err
	}
	if err := look(to, from, "ingress", policy.IngressKey(), &answered.Ingress); err != nil {
		return answered, err
	}
	// A flow that is denied reaches no proxy.
	answered.L7 = answered.L7 && answered.Verdict == "allowed"
	return answered, nil
}

// dump tells the map entries of each pod, and the rules for proxies behind them.
func (w *world) dump() map[uint32][]string {
	all := map[uint32][]string{}
	for id, pod := range w.pods {
		lines := []string{}
		computed, err := w.policyOf(id)
		if err != nil {
			all[id] = []string{err.Error()}
			continue
		}
		for key, entry := range computed.Entries() {
			lines = append(lines, fmt.Sprintf("%s: %s", key.String(), entry.String()))
		}
		selected, _, err := w.repository.GetSelectorPolicy(pod.identity, 0, &statistics{}, pod.id)
		if err == nil {
			for filter, perSelector := range selected.RedirectFilters() {
				lines = append(lines, fmt.Sprintf("redirect %s %d%s %s for %s: %+v", filter.Protocol,
					filter.Port, filter.PortName, perSelector.Policy.L7Parser,
					perSelector.Selector.String(), perSelector.Policy.L7Rules))
			}
		}
		sort.Strings(lines)
		all[id] = lines
	}
	return all
}
