/**
 * What people type with kubectl, from the first `create namespace` to the last `delete`, in order.
 * It takes a cluster with two nodes, Cilium's CRDs, and images `nginx` and `busybox`; it leaves
 * the namespace `shop` deleted.
 */
import type { Chapter } from "./step.ts";

/** The last node by name. */
const LAST_NODE = "$(kubectl get nodes -o name | tail -n 1)";

const objects: Chapter = {
  title: "objects are created, changed and shown in every form",
  steps: [
    { run: "kubectl create namespace shop", shows: [/^namespace\/shop created$/m] },
    {
      run: "kubectl create namespace shop",
      status: 1,
      shows: [/^Error from server \(AlreadyExists\): namespaces "shop" already exists$/m],
    },
    {
      run: "kubectl config set-context --current --namespace=shop",
      shows: [/^Context "\S+" modified\.$/m],
    },
    {
      run: "kubectl apply -f web.yaml",
      shows: [/^deployment\.apps\/web created$/m, /^configmap\/settings created$/m],
    },
    {
      run: "kubectl rollout status deployment/web --timeout=20s",
      shows: [/^deployment "web" successfully rolled out$/m],
    },
    {
      run: "kubectl apply -f web.yaml",
      shows: [/^deployment\.apps\/web unchanged$/m, /^configmap\/settings unchanged$/m],
    },
    { run: "sed 's/colour: blue/colour: green/' web.yaml > web-2.yaml" },
    { run: "kubectl diff -f web-2.yaml", status: 1, shows: [/^-  colour: blue$/m] },
    {
      run: "kubectl apply -f web-2.yaml",
      shows: [/^deployment\.apps\/web unchanged$/m, /^configmap\/settings configured$/m],
    },
    {
      run: "kubectl get pods -A -o wide",
      shows: [
        /^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/m,
        /^shop +web-\w+-\w+ +1\/1 +Running +0 +\d+s +[\d.]+ +\S+ +<none> +<none>$/m,
      ],
    },
    {
      run: "kubectl get deployments,replicasets,services,nodes -A",
      shows: [
        /^shop +deployment\.apps\/web +2\/2 +2 +2 /m,
        /^shop +replicaset\.apps\/web-\w+ +2 +2 +2 /m,
        /^default +service\/kubernetes +ClusterIP +[\d.]+ +<none> +443\/TCP /m,
        /node\/\S+ +Ready /,
      ],
    },
    {
      run: "kubectl get deployment web -o yaml",
      shows: [/^kind: Deployment$/m, /^ {6}maxSurge: 25%$/m, /^ {2}readyReplicas: 2$/m],
      hides: [/managedFields/],
    },
    {
      run: "kubectl get configmap settings -o json",
      shows: [/"colour": "green"/, /"kind": "ConfigMap"/],
    },
    {
      run: `kubectl get pods -l app=web -o jsonpath='{range .items[*]}{.status.phase} {end}'`,
      shows: [/^Running Running $/],
    },
    {
      run: "kubectl get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName",
      shows: [/^NAME +NODE$/m, /^web-\w+-\w+ +\S+$/m],
    },
    {
      run: "kubectl get pods --field-selector=status.phase=Pending",
      shows: [/^No resources found in shop namespace\.$/m],
    },
    {
      run: "kubectl get pod nobody",
      status: 1,
      shows: [/^Error from server \(NotFound\): pods "nobody" not found$/m],
    },
    {
      run: "kubectl apply -f wrong.yaml",
      status: 1,
      shows: [
        /^The Service "wrong" is invalid: ?$/m,
        /spec\.ports\[0\]\.port: Invalid value: 70000: must be between 1 and 65535, inclusive/,
      ],
    },
  ],
};

const words: Chapter = {
  title: "kinds are listed, explained and described",
  steps: [
    { run: "kubectl version", shows: [/^Server Version: v1\.\d+/m] },
    {
      run: "kubectl api-resources",
      shows: [
        /^pods +po +v1 +true +Pod$/m,
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
        /^ciliumnetworkpolicies +cnp,ciliumnp +cilium\.io\/v2 +true +CiliumNetworkPolicy$/m,
      ],
    },
    { run: "kubectl api-versions", shows: [/^apps\/v1$/m, /^cilium\.io\/v2$/m, /^v1$/m] },
    {
      run: "kubectl explain ciliumnetworkpolicy",
      shows: [/^KIND: +CiliumNetworkPolicy$/m, /^ {2}spec\t<Object>/m],
    },
    {
      run: "kubectl explain cnp.spec.endpointSelector",
      shows: [/^FIELD: endpointSelector <Object>$/m, /^ {2}matchLabels\t<map\[string\]string>/m],
    },
    {
      run: "kubectl explain pod.spec.containers.livenessProbe",
      shows: [/^FIELD: livenessProbe <Probe>$/m, /^ {2}periodSeconds\t<integer>/m],
    },
    {
      run: "kubectl describe deployment web",
      shows: [
        /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m,
        /^NewReplicaSet: +web-\w+ \(2\/2 replicas created\)$/m,
        /ScalingReplicaSet +\S+ +deployment-controller +Scaled up replica set web-\w+ from 0 to 2/,
      ],
    },
    {
      run: "kubectl describe pods -l app=web",
      shows: [
        /^Controlled By: +ReplicaSet\/web-\w+$/m,
        /^ +Ready +True ?$/m,
        /^QoS Class: +BestEffort$/m,
        /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned shop\/web-\w+-\w+ to \S+/,
        /Normal +Started +\S+ +kubelet/,
      ],
    },
    {
      run: `kubectl describe ${LAST_NODE}`,
      shows: [/^ +Ready +True +.* KubeletReady /m, /^Unschedulable: +false$/m, /^ +InternalIP: /m],
    },
    {
      run: "kubectl events --for deployment/web",
      shows: [/Normal +ScalingReplicaSet +Deployment\/web +Scaled up replica set/],
    },
    {
      run: "kubectl get events --sort-by=.metadata.creationTimestamp",
      shows: [/Normal +SuccessfulCreate +replicaset\/web-\w+ +Created pod: web-/],
    },
  ],
};

const changes: Chapter = {
  title: "labels, annotations, scale, rollouts",
  steps: [
    { run: "kubectl label pods -l app=web tier=front", shows: [/^pod\/web-\S+ labeled$/m] },
    { run: "kubectl get pods -L tier", shows: [/^NAME .* TIER$/m, /^web-\S+ .* front$/m] },
    { run: "kubectl label pods -l app=web tier-", shows: [/^pod\/web-\S+ unlabeled$/m] },
    {
      run: "kubectl annotate deployment web note=hello",
      shows: [/^deployment\.apps\/web annotated$/m],
    },
    {
      run: "kubectl scale deployment web --replicas=3",
      shows: [/^deployment\.apps\/web scaled$/m],
    },
    {
      run: "kubectl wait --for=jsonpath='{.status.readyReplicas}'=3 deployment/web --timeout=20s",
      shows: [/^deployment\.apps\/web condition met$/m],
    },
    {
      run: "kubectl rollout restart deployment/web",
      shows: [/^deployment\.apps\/web restarted$/m],
    },
    {
      run: "kubectl rollout status deployment/web --timeout=25s",
      shows: [/^deployment "web" successfully rolled out$/m],
    },
    { run: "kubectl rollout history deployment/web", shows: [/^1 +<none>$/m, /^2 +<none>$/m] },
    { run: "kubectl rollout undo deployment/web", shows: [/^deployment\.apps\/web rolled back$/m] },
    { run: "kubectl rollout status deployment/web --timeout=25s" },
    {
      run: "kubectl wait --for=condition=Available deployment/web --timeout=20s",
      shows: [/^deployment\.apps\/web condition met$/m],
    },
    {
      run: `kubectl patch deployment web -p '{"spec":{"replicas":2}}'`,
      shows: [/^deployment\.apps\/web patched$/m],
    },
    {
      run: "kubectl set image deployment/web nginx=nginx:1.27",
      shows: [/^deployment\.apps\/web image updated$/m],
    },
    { run: "kubectl rollout status deployment/web --timeout=25s" },
    {
      run: "kubectl apply --server-side --force-conflicts -f web.yaml",
      shows: [/^deployment\.apps\/web serverside-applied$/m],
    },
    { run: "kubectl rollout status deployment/web --timeout=25s" },
  ],
};

const pods: Chapter = {
  title: "programs run, are talked to and are followed",
  steps: [
    {
      run: "kubectl run client --image=busybox --restart=Never -- sleep 3600",
      shows: [/^pod\/client created$/m],
    },
    {
      run: "kubectl wait --for=condition=Ready pod/client --timeout=20s",
      shows: [/^pod\/client condition met$/m],
    },
    { run: "kubectl exec client -- hostname", shows: [/^client$/m] },
    { run: "echo hello | kubectl exec -i client -- cat", shows: [/^hello$/m] },
    {
      run: "head -c 1000000 /dev/zero | kubectl exec -i client -- wc -c",
      shows: [/^1000000$/m],
    },
    {
      run: "kubectl exec client -- sh -c 'echo out; echo err >&2; exit 7'",
      status: 7,
      shows: [/^out$/m, /^err$/m, /^command terminated with exit code 7$/m],
    },
    {
      run: `script -qec "stty rows 40 cols 100; kubectl exec -it client -- sh -c 'tty; sleep 0.5; stty size; exit 3'" /dev/null`,
      status: 3,
      shows: [/^\/dev\/pts\/\d+\r?$/m, /^40 100\r?$/m],
    },
    {
      run: "kubectl exec client -- no-such-program",
      status: 1,
      shows: [/error: Internal error occurred: .*no-such-program.*executable file not found/],
    },
    { run: "kubectl exec nobody -- true", status: 1, shows: [/pods "nobody" not found/] },
    { run: "kubectl expose deployment web --port=80", shows: [/^service\/web exposed$/m] },
    { run: "kubectl get endpointslices -l kubernetes.io/service-name=web", shows: [/^web-\w+ /m] },
    {
      run: "kubectl exec client -- wget -q -O - http://web",
      shows: [/Welcome to nginx/],
      withinMs: 10_000,
    },
    {
      run: "kubectl exec client -- wget -q -O - http://web.shop.svc.cluster.local",
      shows: [/Welcome to nginx/],
    },
    {
      run: `kubectl port-forward service/web :80 > forward.log 2>&1 & forward=$!
for i in 1 2 3 4 5 6 7 8 9 10; do grep -q 'from 127' forward.log && break; sleep 0.3; done
port=$(sed -n 's/^Forwarding from 127.0.0.1:\\([0-9]*\\) .*/\\1/p' forward.log)
node -e "fetch('http://127.0.0.1:$port/').then((r) => r.text()).then(console.log)"
kill $forward; cat forward.log`,
      shows: [/Welcome to nginx/, /^Handling connection for \d+$/m],
    },
    {
      run: `kubectl run ticker --image=busybox --restart=Never -- sh -c 'for i in 1 2 3; do echo tick $i; sleep 0.7; done; exit 5'`,
      shows: [/^pod\/ticker created$/m],
    },
    {
      run: "kubectl logs -f ticker",
      shows: [/^tick 1\ntick 2\ntick 3$/m],
      // Until its container is there, a real one refuses.
      withinMs: 15_000,
    },
    { run: "kubectl logs ticker --tail=1 --timestamps", shows: [/^\d{4}-\S+Z tick 3$/m] },
    {
      run: "kubectl get pod ticker",
      shows: [/^ticker +0\/1 +Error +0 /m],
      withinMs: 5_000,
    },
    { run: "kubectl logs deployment/web", shows: [/"GET \/ HTTP\/1\.1" 200 .*kube-probe/] },
    {
      run: "kubectl run once --image=busybox --rm -i --restart=Never -- sh -c 'sleep 1; echo done; exit 4'",
      status: 4,
      shows: [/^done$/m, /pod "once" deleted/],
    },
    {
      run: "kubectl run bad --image=registry.example/none:1",
      shows: [/^pod\/bad created$/m],
    },
    {
      run: "kubectl get pod bad",
      shows: [/^bad +0\/1 +(?:ErrImagePull|ImagePullBackOff) /m],
      withinMs: 20_000,
    },
  ],
};

const goings: Chapter = {
  title: "watches, deletions with grace, nodes that take no more",
  steps: [
    {
      run: `timeout 6 kubectl get pods -w > watch.log & watch=$!
sleep 2.5
kubectl run brief --image=busybox --restart=Never -- sleep 60
kubectl wait --for=condition=Ready pod/brief --timeout=20s
kubectl delete pod brief --grace-period=1
wait $watch; cat watch.log`,
      shows: [
        /^pod "brief" deleted/m,
        /^brief +0\/1 +Pending +0 +\d+s$/m,
        /^brief +1\/1 +Running +0 +\d+s$/m,
        /^brief +1\/1 +Terminating +0 +\d+s$/m,
      ],
      hides: [/<invalid>/],
    },
    {
      run: "kubectl delete pods -l app=web --grace-period=1",
      shows: [/^pod "web-\S+" deleted/m],
    },
    { run: "kubectl rollout status deployment/web --timeout=25s" },
    {
      run: "kubectl delete pod client --force --grace-period=0",
      shows: [/^pod "client" force deleted/m],
    },
    { run: `kubectl cordon ${LAST_NODE}`, shows: [/^node\/\S+ cordoned$/m] },
    { run: "kubectl get nodes", shows: [/^\S+ +Ready,SchedulingDisabled /m, /^\S+ +Ready +\S+ /m] },
    {
      run: `kubectl drain ${LAST_NODE} --ignore-daemonsets --delete-emptydir-data --force --grace-period=1 --timeout=25s`,
      shows: [/^node\/\S+ drained$/m],
    },
    { run: `kubectl uncordon ${LAST_NODE}`, shows: [/^node\/\S+ uncordoned$/m] },
    { run: "kubectl apply -f policy.yaml", shows: [/client-to-web created$/m] },
    { run: "kubectl get cnp -A", shows: [/^shop +client-to-web +\d+s/m] },
    { run: "kubectl describe cnp client-to-web", shows: [/^Kind: +CiliumNetworkPolicy$/m] },
    { run: "kubectl delete -f policy.yaml", shows: [/"client-to-web" deleted/] },
    {
      run: "kubectl create secret generic key --from-literal=word=open",
      shows: [/^secret\/key created$/m],
    },
    { run: "kubectl create serviceaccount robot", shows: [/^serviceaccount\/robot created$/m] },
    { run: "kubectl create token robot", shows: [/^[\w-]+\.[\w-]+\.[\w-]+$/m] },
    {
      run: "kubectl delete namespace shop --timeout=25s",
      shows: [/^namespace "shop" deleted$/m],
    },
    {
      run: "kubectl get all",
      shows: [/^No resources found in shop namespace\.$/m],
    },
    { run: "kubectl config set-context --current --namespace=default" },
  ],
};

export const kubectlChapters: readonly Chapter[] = [objects, words, changes, pods, goings];
