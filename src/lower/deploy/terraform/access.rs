//! Who may call a service: resources that bind `roles/run.invoker`.

use hcl_edit::structure::Block;

use crate::ir::Known;
use crate::ir::deploy::Setting;

use super::value::{Scope, Value};
use super::{blocks_of, label, place};

/// Whether anybody may call the service of this resource; nothing where the folder binds nobody to it, or it cannot be seen
/// whom.
pub(super) fn of(scope: &Scope<'_>, resource: &str) -> Option<Setting<bool>> {
    let mut bound = None;
    for (file, block) in blocks_of(scope.folder, "resource").filter(|(_, block)| is_of(block, resource)) {
        let role = scope.attribute(file, &block.body, "role");
        if !role.as_ref().and_then(Value::text).is_some_and(|role| role.ends_with("run.invoker")) {
            continue;
        }
        let members = match scope.attribute(file, &block.body, "members") {
            Some(Value::List(members)) => members.to_vec(),
            Some(_) => return None,
            None => scope.attribute(file, &block.body, "member").into_iter().collect(),
        };
        let is_anybody = |member: &Value| matches!(member.text(), Some("allUsers" | "allAuthenticatedUsers"));
        let is_somebody = |member: &Value| match member {
            Value::Text { text, .. } | Value::Unknown { written: text, .. } => text.contains(':') || text.contains("service_account"),
            _ => false,
        };
        let open = members.iter().any(is_anybody);
        if !open && !members.iter().all(is_somebody) {
            return None;
        }
        let setting = Setting { value: Known::Yes(open), written: String::new(), place: place(file, block) };
        if open {
            return Some(setting);
        }
        bound = Some(setting);
    }
    bound
}

/// Whether a block binds somebody to the service of a resource.
fn is_of(block: &Block, resource: &str) -> bool {
    const KINDS: [&str; 4] = [
        "google_cloud_run_service_iam_member",
        "google_cloud_run_service_iam_binding",
        "google_cloud_run_v2_service_iam_member",
        "google_cloud_run_v2_service_iam_binding",
    ];
    let names = |key: &str| {
        let text = block.body.get_attribute(key).map(|attribute| attribute.value.to_string()).unwrap_or_default();
        text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).any(|word| word == resource)
    };
    label(block, 0).is_some_and(|kind| KINDS.contains(&kind)) && (names("service") || names("name"))
}
