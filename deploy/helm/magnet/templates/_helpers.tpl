{{/* Names and labels. */}}
{{- define "magnet.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "magnet.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains (include "magnet.name" .) .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "magnet.name" .) | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "magnet.campaign" -}}
{{- .Values.campaign.name | default .Release.Name -}}
{{- end -}}

{{- define "magnet.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "magnet.selector" -}}
app.kubernetes.io/name: {{ include "magnet.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "magnet.labels" -}}
{{ include "magnet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: magnet
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{/* What the restricted Pod Security standard asks of every pod and container. */}}
{{- define "magnet.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.securityContext.runAsUser }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
{{- end }}
{{- with .Values.securityContext.fsGroup }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "magnet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Settings that hold no secret: MAGNET__SECTION__KEY. */}}
{{- define "magnet.settings" -}}
- name: MAGNET__CAMPAIGN__NAME
  value: {{ include "magnet.campaign" . | quote }}
- name: MAGNET__OUTPUT__DIR
  value: /data/out
- name: MAGNET__FLEET__PARTS
  value: {{ .Values.fleet.parts | quote }}
- name: MAGNET__RUN__IN_FLIGHT
  value: {{ .Values.worker.inFlight | int64 | quote }}
{{- if .Values.fleet.caSecret }}
- name: MAGNET__FLEET__CA_FILE
  value: /etc/magnet-ca/ca.crt
{{- end }}
{{- if and (include "magnet.hasTools" .) (not (hasKey .Values.campaign.set "library.paths")) }}
- name: MAGNET__LIBRARY__PATHS
  value: '["/etc/magnet-tools"]'
{{- end }}
{{- range $key, $value := .Values.campaign.set }}
- name: {{ printf "MAGNET__%s" ($key | replace "." "__" | replace "-" "_" | upper) }}
  {{- if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- else if and (kindIs "float64" $value) (eq (floor $value) $value) }}
  value: {{ int64 $value | quote }}
  {{- else }}
  value: {{ toJson $value | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The services' URLs and keys, all from Secrets that exist. */}}
{{- define "magnet.services" -}}
{{- $secret := .Values.fleet.secret }}
- name: MAGNET__FLEET__QUEUE
  valueFrom:
    secretKeyRef: {name: {{ $secret.name | quote }}, key: {{ $secret.queueKey | quote }}}
{{- with $secret.stateKey }}
- name: MAGNET__FLEET__STATE
  valueFrom:
    secretKeyRef: {name: {{ $secret.name | quote }}, key: {{ . | quote }}}
{{- end }}
{{- with $secret.cacheKey }}
- name: MAGNET__FLEET__CACHE
  valueFrom:
    secretKeyRef: {name: {{ $secret.name | quote }}, key: {{ . | quote }}}
{{- end }}
{{- with .Values.logs.level }}
- name: RUST_LOG
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "magnet.secretVariables" -}}
{{- range compact (list .Values.fleet.partsSecret .Values.teacher.secret) }}
- secretRef: {name: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "magnet.hasTools" -}}
{{- if or .Values.campaign.tools.existingConfigMap .Values.campaign.tools.files }}yes{{ end -}}
{{- end -}}

{{/* Volumes of every pod. Takes the root and the ConfigMap that holds the campaign. */}}
{{- define "magnet.volumes" -}}
{{- $root := .root }}
- name: campaign
  configMap: {name: {{ .config }}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- if include "magnet.hasTools" $root }}
- name: tools
  configMap: {name: {{ $root.Values.campaign.tools.existingConfigMap | default (printf "%s-tools" .config) }}}
{{- end }}
{{- with $root.Values.fleet.caSecret }}
- name: ca
  secret: {secretName: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "magnet.mounts" -}}
- {name: campaign, mountPath: /etc/magnet, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if include "magnet.hasTools" . }}
- {name: tools, mountPath: /etc/magnet-tools, readOnly: true}
{{- end }}
{{- if .Values.fleet.caSecret }}
- {name: ca, mountPath: /etc/magnet-ca, readOnly: true}
{{- end }}
{{- end -}}

{{/* Only the parts' own volume, for a part store on a shared file system. */}}
{{- define "magnet.partsVolume" -}}
{{- with .Values.fleet.partsClaim }}
- name: parts
  persistentVolumeClaim: {claimName: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "magnet.partsMount" -}}
{{- if .Values.fleet.partsClaim }}
- {name: parts, mountPath: /parts}
{{- end }}
{{- end -}}

{{/* TCP ports that pods may reach: those of the values, and those that the campaign's own URLs name. */}}
{{- define "magnet.egressPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.egressPorts -}}
{{- $ports = append $ports (int64 . | toString) -}}
{{- end -}}
{{- $texts := list .Values.campaign.file -}}
{{- range .Values.campaign.set -}}
{{- if kindIs "string" . -}}{{- $texts = append $texts . -}}{{- end -}}
{{- end -}}
{{- range regexFindAll "https?://[^\"'/?#[:space:]]+" (join "\n" $texts) -1 -}}
{{- $named := regexFind ":[0-9]+$" . | trimPrefix ":" -}}
{{- $ports = append $ports ($named | default (ternary "443" "80" (hasPrefix "https:" .))) -}}
{{- end -}}
{{- $ports | uniq | join "," -}}
{{- end -}}

{{/* Liveness asks only whether the process makes progress: a broker or teacher that is away must not
     restart it. */}}
{{- define "magnet.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 4
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end -}}

{{/* At most as many workers as the teacher can feed. */}}
{{- define "magnet.maxReplicas" -}}
{{- $max := .Values.scaling.maxReplicas | int64 -}}
{{- with .Values.teacher.inFlight | int64 -}}
{{- $max = min $max (max 1 (ceil (divf . ($.Values.worker.inFlight | int64)))) -}}
{{- end -}}
{{- max $max (.Values.scaling.minReplicas | int64) 1 -}}
{{- end -}}

{{/* The scrape's labels that every rule and panel goes by. */}}
{{- define "magnet.relabelings" -}}
- targetLabel: campaign
  replacement: {{ include "magnet.campaign" . | quote }}
- targetLabel: role
  sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_component]
{{- end -}}
