use super::*;
use crate::ir::Known;
use crate::ir::deploy::{Notation, Setting};

fn read(path: &str, text: &str) -> DeployFile {
    lower(FileId(0), &SourceFile::new(path, FileKind::Yaml, text))
}

const FULL: &str = r#"apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: "orders" # the service
  annotations:
    run.googleapis.com/ingress: internal
    run.googleapis.com/minScale: "1"
    run.googleapis.com/invoker-iam-disabled: 'true'
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/minScale: '2'
        autoscaling.knative.dev/maxScale: "100"
        run.googleapis.com/cpu-throttling: "false"
    spec:
      containerConcurrency: 80
      timeoutSeconds: ${TIMEOUT}
      securityContext: {runAsNonRoot: true}
      containers:
      - name: collector
        image: otel/collector:1
      - image: gcr.io/${PROJECT}/orders:7
        ports: [{containerPort: 8080}]
        command: ["gunicorn"]
        args:
          - --workers
          - "4"
        env:
          - name: LOG_LEVEL
            value: info
          - {name: KEY, valueFrom: {secretKeyRef: {name: key, key: latest}}}
          - value: nameless
        resources:
          requests: {memory: 1Gi}
          limits:
            cpu: 2000m
            memory: "2Gi"
            nvidia.com/gpu: '1'
        startupProbe:
          httpGet: {path: /health, port: 8080}
        livenessProbe: {tcpSocket: {port: "9000"}}
        securityContext:
          runAsNonRoot: false
      volumes:
        - name: cache
          emptyDir: {medium: Memory, sizeLimit: 128Mi}
        - name: scratch
          emptyDir: {}
        - name: settings
          secret: {secretName: settings}
"#;

fn known<T: Clone>(setting: Option<&Setting<T>>) -> Option<T> {
    match &setting?.value {
        Known::Yes(value) => Some(value.clone()),
        Known::Unknown => None,
    }
}

fn one(text: &str) -> Deployment {
    let mut file = read("service.yaml", text);
    assert_eq!((file.deployments.len(), &file.skipped, &file.error), (1, &None, &None), "{text}");
    file.deployments.remove(0)
}

/// A service whose only container has these limits.
fn with_memory(memory: &str) -> String {
    format!(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  template:\n    spec:\n      containers:\n      - resources:\n          limits:\n            memory: {memory}\n"
    )
}

#[test]
fn every_setting_is_read_with_its_place() {
    let deployment = one(FULL);
    let slice = |span: Span| &FULL[span.range()];
    assert_eq!(deployment.notation, Notation::Knative);
    assert_eq!(deployment.name.as_ref().map(|s| slice(s.place.span)), Some("\"orders\""));
    assert_eq!(known(deployment.name.as_ref()).as_deref(), Some("orders"));
    assert_eq!(known(deployment.min_instances.as_ref()), Some(2));
    assert_eq!(known(deployment.max_instances.as_ref()), Some(100));
    assert_eq!(known(deployment.concurrency.as_ref()), Some(80));
    assert_eq!(deployment.timeout_seconds.as_ref().map(|s| (s.value, s.written.as_str())), Some((Known::Unknown, "${TIMEOUT}")));
    assert_eq!(known(deployment.cpu_throttling.as_ref()), Some(false));
    assert_eq!(known(deployment.ingress.as_ref()).as_deref(), Some("internal"));
    assert_eq!(known(deployment.allow_unauthenticated.as_ref()), Some(true));
    let volumes: Vec<_> = deployment.memory_volumes.iter().map(|s| (s.value, slice(s.place.span))).collect();
    assert_eq!(volumes, [(Known::Yes(128 << 20), "128Mi"), (Known::Unknown, "{}")]);

    let [ingress, collector] = &deployment.containers[..] else { panic!("two containers") };
    assert_eq!(known(collector.name.as_ref()).as_deref(), Some("collector"));
    assert_eq!(known(collector.run_as_non_root.as_ref()), Some(true));
    assert_eq!(
        ingress.image.as_ref().map(|s| (s.value.as_ref(), s.written.as_str())),
        Some((Known::Unknown, "gcr.io/${PROJECT}/orders:7"))
    );
    assert_eq!(ingress.memory.as_ref().map(|s| (s.value, slice(s.place.span))), Some((Known::Yes(2 << 30), "\"2Gi\"")));
    assert_eq!(known(ingress.memory_request.as_ref()), Some(1 << 30));
    assert_eq!(known(ingress.cpu.as_ref()), Some(2000));
    assert_eq!(known(ingress.gpu.as_ref()), Some(1));
    assert_eq!(known(ingress.port.as_ref()), Some(8080));
    assert_eq!(known(ingress.run_as_non_root.as_ref()), Some(false));
    let command: Vec<_> = ingress.command.iter().map(|word| word.written.as_str()).collect();
    assert_eq!(command, ["gunicorn", "--workers", "4"]);
    let env: Vec<_> = ingress.env.iter().map(|v| (v.name.written.as_str(), v.value.is_some(), v.from_secret)).collect();
    assert_eq!(env, [("LOG_LEVEL", true, false), ("KEY", false, true)]);
    let startup = ingress.startup_probe.as_ref().expect("a startup probe");
    assert!(slice(startup.span).starts_with("startupProbe:") && slice(startup.span).ends_with("8080}"));
    assert_eq!((known(startup.path.as_ref()).as_deref(), known(startup.port.as_ref())), (Some("/health"), Some(8080)));
    assert_eq!(ingress.liveness_probe.as_ref().map(|p| (p.path.is_none(), known(p.port.as_ref()))), Some((true, Some(9000))));
}

#[test]
fn line_endings_do_not_matter() {
    let text = FULL.replace('\n', "\r\n");
    let deployment = one(&text);
    let memory = deployment.containers[0].memory.as_ref().expect("memory");
    assert_eq!(&text[memory.place.span.range()], "\"2Gi\"");
}

#[test]
fn items_of_lists_are_deployments() {
    let list = "apiVersion: v1\nkind: List\nitems:\n\
                - apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata: {name: a}\n\
                - apiVersion: v1\n  kind: Secret\n\
                - apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata: {name: b}\n";
    let names: Vec<String> = read("a.yaml", list).deployments.into_iter().filter_map(|d| Some(d.name?.written)).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn jobs_keep_their_containers_two_templates_down() {
    let text = "apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata: {name: backup}\nspec:\n  template:\n    spec:\n      template:\n        spec:\n          timeoutSeconds: 600\n          containers:\n          - image: a\n            resources: {limits: {memory: 1Gi}}\n";
    let deployment = one(text);
    assert!(deployment.is_job && deployment.notation == Notation::Knative);
    assert_eq!(known(deployment.timeout_seconds.as_ref()), Some(600));
    assert_eq!(known(deployment.containers[0].memory.as_ref()), Some(1 << 30));
}

#[test]
fn memory_is_known_or_not() {
    let cases = [
        ("512Mi", Known::Yes(512 << 20)),
        ("'1G'", Known::Yes(1_000_000_000)),
        ("\"4096Mi\"  # big", Known::Yes(4 << 30)),
        ("536870912", Known::Yes(1 << 29)),
        ("${MEMORY}", Known::Unknown),
        ("\"${MEMORY_GI}Gi\"", Known::Unknown),
        ("$_MEMORY", Known::Unknown),
        ("$(MEMORY)", Known::Unknown),
        ("'{{ .Values.memory }}'", Known::Unknown),
        ("\"%MEMORY%\"", Known::Unknown),
        ("<MEMORY>", Known::Unknown),
        ("[MEMORY]", Known::Unknown),
        ("lots", Known::Unknown),
        ("{a: b}", Known::Unknown),
        ("*nobody", Known::Unknown),
    ];
    for (written, expected) in cases {
        let deployment = one(&with_memory(written));
        assert_eq!(deployment.containers[0].memory.as_ref().map(|m| m.value), Some(expected), "{written}");
    }
    for absent in ["", "~", "null", "# 2Gi"] {
        assert!(one(&with_memory(absent)).containers[0].memory.is_none(), "{absent}");
    }
}

#[test]
fn anchored_limits_are_read_where_they_stand() {
    let text = format!(
        "x: &limits\n  memory: 2Gi\n  cpu: 1\n{}",
        with_memory("1Gi").replace("limits:\n            memory: 1Gi", "limits: *limits")
    );
    let deployment = one(&text);
    let memory = deployment.containers[0].memory.as_ref().expect("memory");
    assert_eq!((memory.place.span.start, memory.value), (21, Known::Yes(2 << 30)));
    let text = text.replace("limits: *limits", "limits:\n            <<: *limits\n            cpu: 2");
    let deployment = one(&text);
    assert_eq!(known(deployment.containers[0].memory.as_ref()), Some(2 << 30));
    assert_eq!(known(deployment.containers[0].cpu.as_ref()), Some(2000));
}

#[test]
fn other_yaml_gives_nothing() {
    let cases = [
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations: {run.googleapis.com/x: y}\n",
        "# serving.knative.dev/v1\n- a\n",
        "apiVersion: serving.knative.dev/v1\nkind: Route\n",
        "kind: Service\nspec: serving.knative.dev/v1\n",
        // Nobody asked for this file to be YAML.
        "a: [",
    ];
    for text in cases {
        let file = read("a.yaml", text);
        assert!(file.deployments.is_empty() && file.skipped.is_none() && file.error.is_none(), "{text}");
    }
}

#[test]
fn templates_are_skipped_with_a_reason() {
    let memory = with_memory("1Gi");
    let cases = [
        (with_memory("{{ .Values.memory }}"), "Helm template"),
        (format!("{memory}{{{{- if .Values.x }}}}\n# x\n{{{{- end }}}}\n"), "Helm template"),
        (format!("{memory}{{% if x %}}\nb: 1\n{{% endif %}}\n"), "template"),
        (with_memory("{{ memory }}"), "template"),
        (with_memory("%MEMORY%"), "template"),
        (with_memory("@MEMORY@"), "template"),
    ];
    for (text, reason) in cases {
        let file = read("a.yaml", &text);
        assert_eq!((file.deployments.len(), file.skipped.as_deref(), file.error), (0, Some(reason), None), "{text}");
    }
}

#[test]
fn errors_keep_what_could_be_read() {
    let memory = with_memory("1Gi");
    for broken in ["a: [\n", "\tb: 1\n  c: ]\n", "a: 'x\n", "a: b: c\n"] {
        let file = read("a.yaml", &format!("{memory}---\n{broken}"));
        assert_eq!((file.deployments.len(), file.error.is_some()), (1, true), "{broken:?}");
    }
}

#[test]
fn bad_input_is_survived() {
    let gate = "# run.googleapis.com\n";
    let nested = "[".repeat(5000);
    let placeholders = format!("a: {}", "%A".repeat(200_000));
    for text in [&nested, &placeholders, "\u{0}\u{feff}", "apiVersion: &a [*a]\nkind: *a"] {
        let _ = read("a.yaml", &format!("{gate}{text}"));
    }
}

#[test]
fn aliases_do_not_multiply_the_work() {
    let variables = "{name: A, value: b}, ".repeat(3000);
    let containers = "*container, ".repeat(3000);
    let text = format!(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nx: &container\n  env: [{variables}]\nspec: {{template: {{spec: {{containers: [{containers}]}}}}}}\n"
    );
    let file = read("a.yaml", &text);
    assert!(file.skipped.is_some());
    let kept: usize = file.deployments.iter().flat_map(|d| &d.containers).map(|c| c.env.len()).sum();
    assert!(kept < text.len() * 4, "{kept}");
}
