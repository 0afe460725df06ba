//! Routers and apps of libraries that an app includes.

use super::{Finder, LibraryRoute};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::{argument, string_argument};
use crate::model::values;

impl Finder<'_> {
    /// `app.include_router(GraphQLRouter(schema))`, `app.mount("/graphql", GraphQL(schema))`: routes that a library makes, of
    /// which there is at least one. Files are no routes.
    pub(super) fn included(&self, expr: ExprId, call: &Call) -> Option<LibraryRoute> {
        let ExprKind::Attribute { name, .. } = self.module().expr(call.callee).kind else { return None };
        let (given, path) = match name.as_str() {
            "include_router" => {
                (argument(call, Some(0), &["router"])?, string_argument(self.program, self.id, call, usize::MAX, &["prefix"]))
            }
            "mount" => (argument(call, Some(1), &["app"])?, string_argument(self.program, self.id, call, 0, &["path"])),
            _ => return None,
        };
        let (at, origin) = values::origin(self.program, self.id, given);
        self.program.module(at).call(origin)?;
        let maker = self.program.callee(at, origin).library()?;
        let is_own = [Role::App, Role::Router].iter().any(|role| self.program.apis.class_has_role(maker, *role));
        let last = maker.rsplit('.').next().unwrap_or_default();
        if is_own || last.ends_with("StaticFiles") || last.ends_with("Middleware") {
            return None;
        }
        let (place, on) = (self.program.place(self.id, expr), self.receiver(call.callee));
        Some(LibraryRoute { module: self.id, place, path, name: last.to_owned(), methods: Vec::new(), is_seen: false, on })
    }
}
