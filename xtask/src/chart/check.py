"""Judges deploy/kubernetes/netmon: Helm itself lints and renders it, and Kubernetes' schemas judge each object.

check.py CHART MANIFEST DIRECTORY [--write]: MANIFEST is what the chart renders to by default; DIRECTORY gets the packed chart.
Helm is its own Go SDK, as a library (helm-python-sdk); the schemas are those of kubernetes-validate, which has none of PodMonitor.
"""

import json
import sys
from pathlib import Path

import helm_python as helm
import jsonschema
import kubernetes_validate
import yaml

chart_path, manifest_path, directory = map(Path, sys.argv[1:4])

# The oldest and the newest that the chart is for.
VERSIONS = ["1.25", "1.37"]

# How Helm numbers what it only remarks: that there is no icon.
INFO = 1

# Names, and values that are set for them: all that the chart can do, and as little.
CASES = {
    "as it comes": {},
    "with everything": {
        "image": {"repository": "registry.example/netmon", "tag": "1", "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "registry"}],
        "config": "quiet = true\n",
        "podMonitor": {"enabled": True, "interval": "30s", "labels": {"release": "prometheus"}},
        "history": {"hostPath": "/var/lib/netmon"},
        "affinity": {"nodeAffinity": {}},
        "podAnnotations": {"example/a": "b"},
        "podLabels": {"team": "network"},
    },
    "with little": {"askers": False, "tolerations": [], "nodeSelector": {}, "config": ""},
}

# What the chart's schema must refuse.
MISTAKES = [{"metrics": {"port": "http"}}, {"metrics": {"port": 99999}}, {"askres": True}, {"history": {"hostPath": "here"}}]


def check(holds, what):
    if not holds:
        sys.exit(f"chart: {what}")


def judge(thing, case):
    if thing["kind"] == "PodMonitor":
        schema = json.loads((Path(__file__).parent / "podmonitor.schema.json").read_text())
        jsonschema.validate(thing, schema)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(thing, version, strict=True)


with helm.Chart.load(chart_path) as chart:
    for case, values in CASES.items():
        report = helm.lint(chart_path, values, strict=True)
        worse = [one for one in report["messages"] if one["severity"] > INFO]
        check(not worse, f"{case}: helm lint says {worse}")
        rendered = chart.render(values, name="netmon", namespace="netmon")
        texts = [text.strip() for name, text in sorted(rendered.items()) if name.endswith(".yaml") and text.strip()]
        things = [yaml.safe_load(text) for text in texts]
        for thing in things:
            judge(thing, case)
        print(f"chart: {case}: {', '.join(thing['kind'] for thing in things)}")
        if not values:
            head = "# What `helm template` makes of the chart beside this, for those who do not use Helm. `cargo xtask chart --write` writes it.\n"
            text = head + "".join(f"---\n{text}\n" for text in texts)
    for values in MISTAKES:
        try:
            chart.validate_schema(values)
        except helm.HelmError:
            continue
        sys.exit(f"chart: the schema of its values takes {values}")

if "--write" in sys.argv:
    manifest_path.write_text(text)
check(
    manifest_path.exists() and manifest_path.read_text() == text,
    f"{manifest_path} is not what the chart renders to; `cargo xtask chart --write` writes it",
)
print(f"chart: Helm {helm.helm_sdk_version()} and the schemas of Kubernetes {' and '.join(VERSIONS)} find nothing")
print(helm.package(chart_path, destination=directory))
