package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"

	"github.com/cilium/cilium/pkg/crypto/certificatemanager"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	"github.com/cilium/cilium/pkg/policy/utils"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
	"github.com/cilium/cilium/pkg/types"
)

// A cluster: what an agent would hold, without the agent.
type world struct {
	logger     *slog.Logger
	repository *policy.Repository
	managed    identitymanager.IDManager
	addresses  addresses
	pods       map[uint32]*endpoint
	namedPorts types.NamedPortMultiMap
	policies   map[uint32]*policy.EndpointPolicy
	invalid    []invalidPolicy
}

func newWorld(question testCase, logger *slog.Logger) (*world, error) {
	known := identity.ListReservedIdentities()
	managed := identitymanager.NewIDManager(logger)
	w := &world{
		logger:   logger,
		managed:  managed,
		pods:     map[uint32]*endpoint{},
		policies: map[uint32]*policy.EndpointPolicy{},
	}
	secrets := certificatemanager.NewMockSecretManagerInline()
	translator := envoypolicy.NewEnvoyL7RulesTranslator(logger, secrets)
	w.repository = policy.NewPolicyRepository(
		logger, nil, nil, translator, managed, testpolicy.NewPolicyMetricsNoop())
	if err := w.addPods(question.Identities, known); err != nil {
		return nil, err
	}
	rules := w.parse(question.Policies)
	names, err := w.collectAddresses(rules, question.Names)
	if err != nil {
		return nil, err
	}
	for id, lbls := range names {
		known[id] = lbls
	}
	var pending sync.WaitGroup
	w.repository.GetSelectorCache().UpdateIdentities(known, nil, &pending)
	pending.Wait()
	w.repository.GetSelectorCache().Commit()
	for resource, imported := range rules {
		w.repository.ReplaceByResource(utils.RulesToPolicyEntries(imported), resource)
	}
	return w, nil
}

func (w *world) addPods(pods []pod, known identity.IdentityMap) error {
	namedPorts := types.NewNamedPortMultiMap()
	for _, p := range pods {
		if !isPod(p.ID) {
			return fmt.Errorf("identity %d is no pod's: pods have 256 to %d", p.ID, 1<<24-1)
		}
		lbls := labels.NewLabelsFromModel(p.Labels).LabelArray()
		ports := types.NamedPortMap{}
		for name, port := range p.NamedPorts {
			if err := ports.AddPort(name, port.Port, port.Protocol); err != nil {
				return fmt.Errorf("named port %q of %d: %w", name, p.ID, err)
			}
		}
		namedPorts.Update(nil, ports)
		id := identity.NumericIdentity(p.ID)
		known[id] = lbls
		w.pods[p.ID] = &endpoint{
			id:       uint64(len(w.pods) + 1),
			identity: identity.NewIdentityFromLabelArray(id, lbls),
			own:      ports,
		}
	}
	w.namedPorts = namedPorts
	for _, pod := range w.pods {
		pod.cluster = namedPorts
		w.managed.Add(pod.identity)
	}
	return nil
}

// parse answers the rules of each valid object; an invalid one affects no other.
func (w *world) parse(objects []json.RawMessage) map[ipcachetypes.ResourceID]api.Rules {
	found := map[ipcachetypes.ResourceID]api.Rules{}
	for _, raw := range objects {
		object := v2.CiliumNetworkPolicy{}
		err := json.Unmarshal(raw, &object)
		var rules api.Rules
		kind := ipcachetypes.ResourceKindCNP
		if object.Kind == "CiliumClusterwideNetworkPolicy" {
			kind = ipcachetypes.ResourceKindCCNP
			object.Namespace = ""
		} else if object.Namespace == "" {
			object.Namespace = "default"
		}
		if err == nil {
			if kind == ipcachetypes.ResourceKindCCNP {
				whole := v2.CiliumClusterwideNetworkPolicy{
					TypeMeta: object.TypeMeta, ObjectMeta: object.ObjectMeta,
					Spec: object.Spec, Specs: object.Specs,
				}
				rules, err = whole.Parse(w.logger, clusterName)
			} else {
				rules, err = object.Parse(w.logger, clusterName)
			}
		}
		if err != nil {
			w.invalid = append(w.invalid, invalidPolicy{
				Kind: object.Kind, Namespace: object.Namespace, Name: object.Name, Error: err.Error(),
			})
			continue
		}
		found[ipcachetypes.NewResourceID(kind, object.Namespace, object.Name)] = rules
	}
	return found
}

// collectAddresses makes an identity for each CIDR of the rules, and for each address of a name.
func (w *world) collectAddresses(
	rules map[ipcachetypes.ResourceID]api.Rules, names map[string][]string,
) (identity.IdentityMap, error) {
	w.addresses = addresses{}
	selectors := map[string]*api.FQDNSelector{}
	for _, imported := range rules {
		for _, entry := range utils.RulesToPolicyEntries(imported) {
			for _, selector := range entry.L3 {
				for _, prefix := range selector.GetCIDRPrefixes() {
					w.addresses.add(prefix)
				}
				if fqdn, ok := selector.GetFQDNSelector(); ok {
					selectors[selector.Key()] = fqdn
				}
			}
		}
	}
	for name, texts := range names {
		for _, text := range texts {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("name %q: %w", name, err)
			}
			for _, selector := range selectors {
				regex, err := selector.ToRegex()
				if err != nil {
					return nil, err
				}
				if regex.MatchString(dnsName(name)) {
					w.addresses.addName(address, selector.IdentityLabel())
				}
			}
		}
	}
	return w.addresses.identities(), nil
}
