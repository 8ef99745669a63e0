package main

import (
	"net/netip"
	"strings"

	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/labels"
)

// Prefixes with identities of their own, as the ipcache would have them.
type addresses map[netip.Prefix]*labelled

type labelled struct {
	id    identity.NumericIdentity
	names []labels.Label
	// Named by a policy, and not only by DNS.
	isCIDR bool
}

func (a addresses) at(prefix netip.Prefix) *labelled {
	prefix = prefix.Masked()
	found, ok := a[prefix]
	if !ok {
		found = &labelled{id: identity.IdentityScopeLocal + identity.NumericIdentity(len(a)+1)}
		a[prefix] = found
	}
	return found
}

func (a addresses) add(prefix netip.Prefix) {
	// The whole of IPv4 is the world, which has its identity already.
	if prefix.Bits() > 0 {
		a.at(prefix).isCIDR = true
	}
}

func (a addresses) addName(address netip.Addr, name labels.Label) {
	entry := a.at(netip.PrefixFrom(address, address.BitLen()))
	entry.names = append(entry.names, name)
}

// identities gives a prefix without a CIDR label of its own that of the longest one around it.
func (a addresses) identities() identity.IdentityMap {
	all := identity.IdentityMap{}
	for prefix, entry := range a {
		lbls := labels.Labels{}
		for bits := prefix.Bits(); bits > 0; bits-- {
			around, _ := prefix.Addr().Prefix(bits)
			if other, ok := a[around]; ok && other.isCIDR {
				lbls = labels.GetCIDRLabels(around)
				break
			}
		}
		for _, name := range entry.names {
			lbls[name.Key] = name
		}
		lbls.AddWorldLabel(prefix.Addr())
		all[entry.id] = lbls.LabelArray()
	}
	return all
}

func (a addresses) lookup(address netip.Addr) identity.NumericIdentity {
	for bits := address.BitLen(); bits > 0; bits-- {
		prefix, _ := address.Prefix(bits)
		if entry, ok := a[prefix]; ok {
			return entry.id
		}
	}
	return identity.ReservedIdentityWorld
}

// dnsName is the form that Cilium's patterns match: lower case, with a dot at the end.
func dnsName(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".") + "."
}
