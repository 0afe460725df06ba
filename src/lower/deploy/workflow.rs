//! GitHub's workflows: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax>, and the action
//! <https://github.com/google-github-actions/deploy-cloudrun>.

use crate::ir::deploy::Deployment;
use crate::lower::yaml::{NodeId, Stream};
use crate::source::FileId;

use super::builds::Build;
use super::gcloud::{Line, listed_variables, of_line};
use super::reader::Reader;
use super::script;
use super::shell::Found;
use super::traced::Traced;
use super::variables::{Syntax, Variables};

/// The deployments of a workflow, or of an action that is made of steps.
pub(super) fn deployments(file: FileId, text: &str, stream: &Stream) -> Vec<Deployment> {
    let mut reader = Reader::new(file, stream, text);
    let mut found = Found::default();
    for document in &stream.documents {
        let root = document.root;
        let mut variables = Variables::default();
        for path in [&["on", "workflow_call", "inputs"][..], &["on", "workflow_dispatch", "inputs"], &["inputs"]] {
            for (name, input) in reader.entries(root, path) {
                if let Some(default) = reader.at(input, &["default"]).and_then(|node| reader.traced(node)) {
                    variables.add(&format!("inputs.{name}"), default);
                }
            }
        }
        environment(&mut reader, root, &mut variables);
        let mut jobs: Vec<NodeId> = reader.entries(root, &["jobs"]).into_iter().map(|(_, job)| job).collect();
        jobs.extend(reader.at(root, &["runs"]));
        for job in jobs {
            let mut variables = variables.clone();
            environment(&mut reader, job, &mut variables);
            let folder = reader.scalar(job, &["defaults", "run", "working-directory"]).unwrap_or_default();
            for step in reader.items(job, &["steps"]) {
                let mut variables = variables.clone();
                environment(&mut reader, *step, &mut variables);
                read(&mut reader, *step, folder, &variables, &mut found);
            }
        }
    }
    // Workflows are started at the root.
    found.finish("")
}

/// The variables of `env:`, as expressions and scripts call them.
fn environment(reader: &mut Reader<'_>, node: NodeId, variables: &mut Variables) {
    for (name, value) in reader.entries(node, &["env"]) {
        if let Some(value) = reader.traced(value) {
            let value = variables.fill(&value, Syntax::Workflow);
            variables.set(format!("env.{name}"), value.clone());
            variables.set(name, value);
        }
    }
}

fn read(reader: &mut Reader<'_>, step: NodeId, folder: &str, variables: &Variables, found: &mut Found) {
    if let Some(run) = reader.at(step, &["run"]).and_then(|node| reader.traced(node)) {
        let folder = reader.scalar(step, &["working-directory"]).unwrap_or(folder);
        found.add(&variables.fill(&run, Syntax::Workflow), variables, folder);
        return;
    }
    let action = reader.scalar(step, &["uses"]).unwrap_or_default().split('@').next().unwrap_or_default();
    let Some(with) = reader.at(step, &["with"]) else { return };
    let mut input = |name: &str| {
        let node = reader.at(with, &[name])?;
        Some(variables.fill(&reader.traced(node)?, Syntax::Workflow))
    };
    match action {
        "google-github-actions/deploy-cloudrun" => {
            // With a file of metadata, that is the deployment.
            if input("metadata").is_some_and(|metadata| !metadata.is_empty()) {
                return;
            }
            let (service, job) = (input("service"), input("job"));
            let flags: Vec<Traced> = ["flags", "image", "source", "timeout"]
                .into_iter()
                .filter_map(|name| Some(words(name, &input(name)?, variables)))
                .flatten()
                .collect();
            let lists = [(input("env_vars"), false), (input("secrets"), true)];
            let span = reader.span(step);
            let whole = Traced::standing_at(reader.file(), span);
            let line = Line::read(&flags);
            let mut deployment = of_line(&line, &whole, service.as_ref().or(job.as_ref()).map(Traced::name));
            deployment.is_job = service.is_none() && job.is_some();
            deployment.is_partial = line.others.iter().any(Traced::is_unknown);
            if let Some(container) = deployment.containers.first_mut() {
                for (list, from_secret) in lists {
                    container.env.extend(list.iter().flat_map(|list| listed_variables(list, |c| matches!(c, ',' | '\n'), from_secret)));
                }
            }
            found.deployments.push(deployment);
        }
        "docker/build-push-action" => {
            let context = input("context").filter(Traced::is_known).map(|context| context.text()).unwrap_or_default();
            for tag in input("tags").iter().flat_map(|tags| tags.split(|c| matches!(c, ',' | '\n'))) {
                found.builds.push(Build { image: tag.trim().text(), context: context.clone() });
            }
        }
        _ => {}
    }
}

/// An input of the action as the words that it passes on.
fn words(name: &str, value: &Traced, variables: &Variables) -> Vec<Traced> {
    let behind = |start: &str, text: &Traced| {
        let mut whole = Traced::written_by_nobody(start, text);
        whole.append(text);
        whole
    };
    if name == "flags" {
        // Lines of it are one command, of a program that is not written there.
        let lines = value.split(|c| c == '\n');
        let commands = lines.iter().flat_map(|line| script::invocations(&behind("gcloud ", line), variables));
        return commands.flat_map(|command| command.words.into_iter().skip(1)).collect();
    }
    vec![behind(&format!("--{name}="), value)]
}
