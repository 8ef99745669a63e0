/** The hands-on exercise of three tiers, typed as it is written, until policies come into it. */
import type { Chapter } from "./step.ts";

/** Who types these by hand finds the pods running; here they are asked until they do. */
const STARTED_WITHIN_MS = 20_000;

const deploy: Chapter = {
  title: "the exercise's part 2: deploy the application",
  steps: [
    { run: "kubectl create namespace demo", shows: [/^namespace\/demo created$/m] },
    {
      run: `kubectl -n demo apply -f - << 'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: database
  labels:
    app: database
    tier: data
spec:
  containers:
  - name: postgres
    image: postgres:15
    env:
    - name: POSTGRES_PASSWORD
      value: "secret"
    ports:
    - containerPort: 5432
---
apiVersion: v1
kind: Service
metadata:
  name: database
spec:
  selector:
    app: database
  ports:
  - port: 5432
EOF`,
      shows: [/^pod\/database created$/m, /^service\/database created$/m],
    },
    {
      run: `kubectl -n demo apply -f - << 'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: api
  labels:
    app: api
    tier: backend
spec:
  containers:
  - name: api
    image: nginx
    ports:
    - containerPort: 3000
---
apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector:
    app: api
  ports:
  - port: 3000
EOF`,
      shows: [/^pod\/api created$/m, /^service\/api created$/m],
    },
    {
      run: `kubectl -n demo apply -f - << 'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: frontend
  labels:
    app: frontend
    tier: web
spec:
  containers:
  - name: nginx
    image: nginx
    ports:
    - containerPort: 80
EOF`,
      shows: [/^pod\/frontend created$/m],
    },
  ],
};

const withoutPolicies: Chapter = {
  title: "the exercise's part 3: test without policies, everything works",
  steps: [
    {
      run: `kubectl -n demo exec frontend -- curl -s --max-time 5 api:3000 && echo "Frontend → API: SUCCESS"`,
      shows: [/Welcome to nginx/, /Frontend → API: SUCCESS/],
      withinMs: STARTED_WITHIN_MS,
    },
    {
      run: `kubectl -n demo exec frontend -- nc -zv database 5432 && echo "Frontend → Database: SUCCESS (but shouldn't be allowed!)"`,
      shows: [/Frontend → Database: SUCCESS/],
      withinMs: STARTED_WITHIN_MS,
    },
    {
      run: `kubectl -n demo exec api -- nc -zv database 5432 && echo "API → Database: SUCCESS"`,
      shows: [/API → Database: SUCCESS/],
    },
    {
      run: "kubectl -n demo exec frontend -- nc -zv -w 2 database 5433",
      status: 1,
    },
  ],
};

/** Not in the exercise: a cluster may be used again. */
const takeAway: Chapter = {
  title: "the exercise's namespace is taken away",
  steps: [
    { run: "kubectl -n demo delete pods --all --now", shows: [/pod "frontend" deleted/] },
    { run: "kubectl delete namespace demo --timeout=25s", shows: [/"demo" deleted/] },
  ],
};

export const exerciseChapters: readonly Chapter[] = [deploy, withoutPolicies, takeAway];
