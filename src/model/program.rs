//! The linked program: all modules, and where their imports lead.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{Apis, Row};
use crate::model::arguments::{self, Arguments};
use crate::model::callers::Callers;
use crate::model::dependencies::{Dependencies, Ecosystem, Versions};
use crate::model::handed;
use crate::model::implementations::Implementations;
use crate::model::loaded;
use crate::model::mentions::Mentions;
use crate::model::overrides::Overrides;
use crate::model::package_manifests::PackageManifests;
use crate::model::packages::Packages;
use crate::model::resolve::{Entity, Resolver};
use crate::model::sql::wrappers::Wrappers;
use crate::model::stars::Stars;
use crate::source::{FileId, Place, SourceFile, Sources, Span};

mod indexes;
mod paths;

use indexes::{attributes, bindings, members_set};
use paths::PathIndex;

/// Index of a [`Module`] in a [`Program`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModuleId(pub u32);

/// A function of a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionRef {
    /// Its module.
    pub module: ModuleId,
    /// Its id there.
    pub function: FunctionId,
}

/// Where an import leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// A library: the dotted path.
    Library(Ustr),
    /// A module of the project.
    Module(ModuleId),
    /// A name of a module of the project.
    Symbol(ModuleId, Ustr),
}

/// A call and what it calls.
#[derive(Clone, Copy, Debug)]
pub struct CallSite {
    /// The call expression.
    pub expr: ExprId,
    /// What its callee denotes.
    pub callee: Entity,
}

/// Lowers a file that turns out to be needed.
pub type Later<'f> = dyn Fn(FileId, &SourceFile) -> Option<Module> + Sync + 'f;

/// All modules, linked.
#[derive(Debug)]
pub struct Program {
    /// The files.
    pub sources: Sources,
    /// The modules, by path.
    pub modules: Vec<Module>,
    /// What library functions are.
    pub apis: Arc<Apis>,
    /// Which versions of packages are used.
    pub dependencies: Dependencies,
    /// What packages of JavaScript say of themselves.
    pub package_manifests: PackageManifests,
    /// For each module, where each of its imports leads.
    pub links: Vec<Vec<Link>>,
    /// For each module, its calls by id.
    pub calls: Vec<Vec<CallSite>>,
    by_file: FxHashMap<FileId, ModuleId>,
    /// Modules of test code that other code imports.
    read: FxHashSet<ModuleId>,
    /// Names of the library functions that code calls, and the modules that do, tests excluded.
    called: FxHashMap<Ustr, Vec<ModuleId>>,
    /// Names of what code of JavaScript assigns to, and where, in libraries and their objects, tests excluded: `axios.defaults.timeout`.
    set: FxHashMap<Ustr, Vec<ModuleId>>,
    /// For each module, what is assigned to attributes of `self`, by class and name.
    attributes: Vec<FxHashMap<(ClassId, Ustr), Vec<AttributeValue>>>,
    /// For each module, members that are set on what a name stands for: names and members.
    members_set: Vec<FxHashSet<(Ustr, Ustr)>>,
    /// Functions that are passed to a library by name, with the API that calls them.
    handed: FxHashMap<FunctionRef, Ustr>,
    /// What callers pass for parameters.
    arguments: Arguments,
    /// For each module and scope, indices of bindings by name.
    bindings: Vec<FxHashMap<(ScopeId, Ustr), Vec<u32>>>,
    /// For each module, where it mentions names.
    mentions: Vec<OnceLock<Mentions>>,
    implementations: Implementations,
    /// What modules pass on from others.
    pub(super) stars: Stars,
    callers: OnceLock<Callers>,
    importers: OnceLock<Vec<Vec<ModuleId>>>,
    /// For each module, those that it imports by a name made at run time.
    at_run_time: Vec<OnceLock<Vec<ModuleId>>>,
    overrides: OnceLock<Overrides>,
    sql_wrappers: OnceLock<Wrappers>,
}

/// Something assigned to an attribute of an instance.
#[derive(Clone, Copy, Debug)]
pub struct AttributeValue {
    /// The value.
    pub value: Option<ExprId>,
    /// The annotation.
    pub annotation: Option<ExprId>,
    /// The method that assigns it.
    pub method: Option<FunctionId>,
}

impl Program {
    /// Links modules. Those of test code that have nothing in them are lowered by `later` if code that is no test imports
    /// them.
    #[must_use]
    pub fn link(sources: Sources, mut modules: Vec<Module>, apis: Arc<Apis>, later: &Later<'_>) -> Self {
        modules.sort_by_key(|m| m.file);
        let by_file = modules.iter().enumerate().map(|(i, m)| (m.file, module_id(i))).collect();
        let dependencies = Dependencies::find(&sources, &modules);
        let package_manifests = PackageManifests::read(&sources);
        let mut program = Self {
            package_manifests,
            sources,
            modules,
            apis,
            dependencies,
            links: Vec::new(),
            calls: Vec::new(),
            by_file,
            read: FxHashSet::default(),
            called: FxHashMap::default(),
            set: FxHashMap::default(),
            attributes: Vec::new(),
            members_set: Vec::new(),
            handed: FxHashMap::default(),
            arguments: Arguments::default(),
            bindings: Vec::new(),
            mentions: Vec::new(),
            implementations: Implementations::default(),
            stars: Stars::default(),
            callers: OnceLock::new(),
            importers: OnceLock::new(),
            at_run_time: Vec::new(),
            overrides: OnceLock::new(),
            sql_wrappers: OnceLock::new(),
        };
        let index = PathIndex::new(&program);
        let packages = Packages::read(&program);
        program.links = vec![Vec::new(); program.modules.len()];
        let mut new: Vec<ModuleId> = program.module_ids().collect();
        loop {
            let link = |module: &Module, import: &Import| match module.language {
                Language::Python => index.link(&program, module, import),
                Language::TypeScript => packages.link(&program, module, import),
            };
            let links = |id: &ModuleId| (*id, program.module(*id).imports.iter().map(|i| link(program.module(*id), i)).collect());
            let linked: Vec<(ModuleId, Vec<Link>)> = new.par_iter().map(links).collect();
            for (id, links) in linked {
                program.links[id.0 as usize] = links;
            }
            let wanted = program.wanted();
            if wanted.is_empty() {
                break;
            }
            // Where imports of Python lead depends on what packages hold.
            let is_python = |id: &ModuleId| program.module(*id).language == Language::Python;
            new = program.module_ids().filter(is_python).chain(wanted.iter().copied().filter(|id| !is_python(id))).collect();
            let lower = |id: &ModuleId| {
                let file = program.module(*id).file;
                let module = later(file, program.sources.get(file));
                (*id, module)
            };
            let lowered: Vec<(ModuleId, Option<Module>)> = wanted.par_iter().map(lower).collect();
            for (id, module) in lowered {
                program.read.insert(id);
                if let Some(module) = module {
                    program.modules[id.0 as usize] = module;
                }
            }
        }
        program.stars = Stars::new(program.modules.len());
        program.mentions = program.modules.iter().map(|_| OnceLock::new()).collect();
        program.at_run_time = program.modules.iter().map(|_| OnceLock::new()).collect();
        program.attributes = program.modules.par_iter().map(attributes).collect();
        program.members_set = program.modules.par_iter().map(members_set).collect();
        program.bindings = program.modules.par_iter().map(bindings).collect();
        program.implementations = Implementations::find(&program);
        let ids: Vec<ModuleId> = program.module_ids().collect();
        let mut sites: Vec<Vec<CallSite>> = ids.par_iter().map(|id| call_sites(&program, *id)).collect();
        // What is known of parameters tells more calls, in the modules of their functions.
        let (handed, arguments) = rayon::join(|| handed::find(&program, &sites), || arguments::find(&program, &sites));
        let functions = handed.keys().chain(arguments.keys().map(|(function, _)| function));
        let modules: BTreeSet<ModuleId> = functions.map(|function| function.module).collect();
        (program.handed, program.arguments) = (handed, arguments);
        let again: Vec<(ModuleId, Vec<CallSite>)> = modules.into_par_iter().map(|id| (id, call_sites(&program, id))).collect();
        for (id, calls) in again {
            sites[id.0 as usize] = calls;
        }
        let calls = sites;
        for id in program.code_ids().collect::<Vec<_>>() {
            let names: BTreeSet<Ustr> = calls[id.0 as usize].iter().filter_map(|site| site.callee.library()).collect();
            names.into_iter().for_each(|name| program.called.entry(name).or_default().push(id));
        }
        program.calls = calls;
        let set: Vec<(ModuleId, Vec<Ustr>)> = ids.par_iter().map(|id| (*id, assigned(&program, *id))).collect();
        for (id, name) in set.into_iter().flat_map(|(id, names)| names.into_iter().map(move |name| (id, name))) {
            program.set.entry(name).or_default().push(id);
        }
        program
    }

    /// Modules of test code that code imports, or test code that code imports, and that have not been lowered for that.
    fn wanted(&self) -> Vec<ModuleId> {
        let is_test = |id: ModuleId| self.sources.get(self.module(id).file).test;
        let importing = self.module_ids().filter(|id| !is_test(*id) || self.read.contains(id));
        let wanted: BTreeSet<ModuleId> =
            importing.flat_map(|id| self.imported_modules(id)).filter(|id| is_test(*id) && !self.read.contains(id)).collect();
        wanted.into_iter().collect()
    }

    /// Ids of the modules that are no test code.
    pub fn code_ids(&self) -> impl Iterator<Item = ModuleId> {
        self.module_ids().filter(|id| !self.sources.get(self.module(*id).file).test)
    }

    /// Ids of all modules.
    pub fn module_ids(&self) -> impl ExactSizeIterator<Item = ModuleId> + use<> {
        (0..self.modules.len()).map(module_id)
    }

    /// A module.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The module of a file.
    #[must_use]
    pub fn module_of(&self, file: FileId) -> Option<ModuleId> {
        self.by_file.get(&file).copied()
    }

    /// The path of a module's file.
    #[must_use]
    pub fn path(&self, id: ModuleId) -> &str {
        &self.sources.get(self.module(id).file).path
    }

    /// The directory of the package of JavaScript that a module is of.
    #[must_use]
    pub fn package_of(&self, id: ModuleId) -> &str {
        self.package_manifests.package_around(self.sources.get(self.module(id).file).directory())
    }

    /// A function.
    #[must_use]
    pub fn function(&self, f: FunctionRef) -> &Function {
        self.module(f.module).function(f.function)
    }

    /// Where an expression stands.
    #[must_use]
    pub fn place(&self, module: ModuleId, expr: ExprId) -> Place {
        let module = self.module(module);
        Place { file: module.file, span: module.expr(expr).span }
    }

    /// A place in a module.
    #[must_use]
    pub fn span_place(&self, module: ModuleId, span: Span) -> Place {
        Place { file: self.module(module).file, span }
    }

    /// The qualified name of the innermost function or class around a span; empty at the top of the module.
    #[must_use]
    pub fn symbol_at(&self, id: ModuleId, span: Span) -> String {
        let module = self.module(id);
        let functions = module.functions.iter().filter(|f| !f.name.is_empty()).map(|f| (f.span, f.name));
        let classes = module.classes.iter().map(|c| (c.span, c.name));
        let mut around: Vec<(Span, Ustr)> = functions.chain(classes).filter(|(whole, _)| whole.contains(span)).collect();
        around.sort_by_key(|(whole, _)| (whole.start, std::cmp::Reverse(whole.end)));
        around.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The source text of an expression.
    #[must_use]
    pub fn text(&self, module: ModuleId, expr: ExprId) -> &str {
        self.sources.slice(self.place(module, expr))
    }

    /// Where an import leads.
    #[must_use]
    pub fn import(&self, module: ModuleId, import: u32) -> Link {
        self.links[module.0 as usize][import as usize]
    }

    /// What a call calls.
    #[must_use]
    pub fn callee(&self, module: ModuleId, call: ExprId) -> Entity {
        let Some(calls) = self.calls.get(module.0 as usize) else { return Entity::Unknown };
        calls.binary_search_by_key(&call, |site| site.expr).map_or(Entity::Unknown, |at| calls[at].callee)
    }

    /// Expressions of a module that are a name, or an attribute of that name.
    pub fn mentions(&self, id: ModuleId, name: Ustr) -> impl Iterator<Item = ExprId> {
        let module = self.module(id);
        self.mentions[id.0 as usize].get_or_init(|| Mentions::find(module)).of(module, name)
    }

    /// What all callers pass for a parameter that says nothing of itself.
    #[must_use]
    pub fn argument(&self, function: FunctionRef, index: usize) -> Entity {
        self.arguments.get(&(function, index)).copied().unwrap_or(Entity::Unknown)
    }

    /// How many parameters stand before those that calls pass: the one that Python calls a method on.
    #[must_use]
    pub fn receivers(&self, function: FunctionRef) -> usize {
        let module = self.module(function.module);
        let f = self.function(function);
        let is_static = || f.decorators.iter().any(|d| matches!(module.expr(*d).kind, ExprKind::Name(name) if name == "staticmethod"));
        usize::from(module.language == Language::Python && f.class.is_some() && !is_static())
    }

    /// Who calls the functions of the project.
    #[must_use]
    pub fn callers(&self) -> &Callers {
        self.callers.get_or_init(|| Callers::find(self))
    }

    /// Which functions of the project run what they are given as SQL.
    #[must_use]
    pub fn sql_wrappers(&self) -> &Wrappers {
        self.sql_wrappers.get_or_init(|| Wrappers::find(self))
    }

    /// Which classes stand behind interfaces and abstract classes.
    #[must_use]
    pub fn implementations(&self) -> &Implementations {
        &self.implementations
    }

    /// Who sets attributes of classes of the project.
    #[must_use]
    pub fn overrides(&self) -> &Overrides {
        self.overrides.get_or_init(|| Overrides::find(self))
    }

    /// What is known of the version that a module uses of a package.
    #[must_use]
    pub fn versions(&self, module: ModuleId, package: &str) -> Option<Versions> {
        let file = self.sources.get(self.module(module).file);
        self.dependencies.versions(&self.sources, file.directory(), Ecosystem::of(file.kind), package)
    }

    /// The row of a canonical name, of the version that a module uses. Ask this where a row says different things of different
    /// versions, and [`Apis::row`] where that of the current one does.
    #[must_use]
    pub fn row(&self, module: ModuleId, name: Ustr) -> Option<&Row> {
        self.apis.row_of_version(name, |package| self.versions(module, package))
    }

    /// The API of a library that calls a function because it was passed to it by name.
    #[must_use]
    pub fn handed(&self, function: FunctionRef) -> Option<Ustr> {
        self.handed.get(&function).copied()
    }

    /// Whether a function of a library is called anywhere in code that is no test.
    #[must_use]
    pub fn calls_anywhere(&self, name: &str) -> bool {
        self.called.contains_key(&Ustr::from(name))
    }

    /// Whether something of a library of JavaScript is assigned to anywhere in code that is no test.
    #[must_use]
    pub fn sets_anywhere(&self, name: &str) -> bool {
        self.set.contains_key(&Ustr::from(name))
    }

    /// The modules that assign to it, tests excluded.
    #[must_use]
    pub fn setting(&self, name: &str) -> &[ModuleId] {
        self.set.get(&Ustr::from(name)).map_or(&[], Vec::as_slice)
    }

    /// The calls of a function of a library in code that is no test.
    pub fn calls_to<'p>(&'p self, name: &'p str) -> impl Iterator<Item = (ModuleId, &'p Call)> {
        let ids = self.called.get(&Ustr::from(name)).map_or(&[][..], Vec::as_slice);
        ids.iter().flat_map(move |id| {
            let id = *id;
            let sites = self.calls[id.0 as usize].iter().filter(move |site| site.callee.library().is_some_and(|callee| callee == name));
            sites.filter_map(move |site| Some((id, self.module(id).call(site.expr)?)))
        })
    }

    /// The bindings of a name in a scope, in source order.
    pub fn bindings(&self, module: ModuleId, scope: ScopeId, name: Ustr) -> impl Iterator<Item = &Binding> {
        let indices = self.bindings[module.0 as usize].get(&(scope, name)).map_or(&[][..], Vec::as_slice);
        let bindings = &self.module(module).scope(scope).bindings;
        indices.iter().map(|i| &bindings[*i as usize])
    }

    /// What is assigned to an attribute of a class's instances, constructors first.
    #[must_use]
    pub fn attribute(&self, module: ModuleId, class: ClassId, name: Ustr) -> &[AttributeValue] {
        self.attributes[module.0 as usize].get(&(class, name)).map_or(&[], Vec::as_slice)
    }

    /// Whether a module sets `name.member`.
    #[must_use]
    pub fn sets_member(&self, module: ModuleId, name: Ustr, member: Ustr) -> bool {
        self.members_set[module.0 as usize].contains(&(name, member))
    }

    /// The attributes that classes of a module set, in no order.
    pub fn attributes_of(&self, module: ModuleId) -> impl Iterator<Item = (ClassId, Ustr)> {
        self.attributes[module.0 as usize].keys().copied()
    }

    /// The value that a name of a module is bound to, if it is bound once.
    #[must_use]
    pub fn only_value(&self, module: ModuleId, name: Ustr) -> Option<ExprId> {
        let mut bindings = self.bindings(module, self.module(module).exports, name);
        match (bindings.next()?.kind, bindings.next()) {
            (BindingKind::Value(value), None) => Some(value),
            _ => None,
        }
    }

    /// Whether `import *` takes a name of a module: what `__all__` lists, else what does not begin with an underscore.
    #[must_use]
    pub fn exports(&self, module: ModuleId, name: Ustr) -> bool {
        let m = self.module(module);
        if m.language != Language::Python {
            return true;
        }
        match self.only_value(module, Ustr::from("__all__")).map(|list| &m.expr(list).kind) {
            Some(ExprKind::List(names) | ExprKind::Tuple(names)) => {
                names.iter().any(|listed| !matches!(m.expr(*listed).kind, ExprKind::String(text) if text != name))
            }
            _ => !name.starts_with('_'),
        }
    }

    /// The modules that a module imports, in source order.
    pub fn imported_modules(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        self.links[module.0 as usize].iter().filter_map(|link| match link {
            Link::Module(id) | Link::Symbol(id, _) => Some(*id),
            Link::Library(_) => None,
        })
    }

    /// The modules that a module imports by a name that it makes at run time, or by looking through a folder.
    #[must_use]
    pub fn imported_at_run_time(&self, module: ModuleId) -> &[ModuleId] {
        self.at_run_time[module.0 as usize].get_or_init(|| loaded::by_name(self, module))
    }

    /// The other modules that import a module, each once, by id.
    #[must_use]
    pub fn importers(&self, module: ModuleId) -> &[ModuleId] {
        let find = || {
            let mut found = vec![Vec::new(); self.modules.len()];
            for id in self.module_ids() {
                for imported in self.imported_modules(id).filter(|imported| *imported != id) {
                    let importers: &mut Vec<ModuleId> = &mut found[imported.0 as usize];
                    if importers.last() != Some(&id) {
                        importers.push(id);
                    }
                }
            }
            found
        };
        &self.importers.get_or_init(find)[module.0 as usize]
    }

    /// The submodule of a package.
    #[must_use]
    pub fn submodule(&self, package: ModuleId, name: &str) -> Option<ModuleId> {
        let path = self.path(package);
        let directory = path.strip_suffix("/__init__.py").or_else(|| (path == "__init__.py").then_some(""))?;
        let base = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        self.module_at(&base)
    }

    /// The module at a path without `.py` or `/__init__.py`.
    fn module_at(&self, base: &str) -> Option<ModuleId> {
        [".py", "/__init__.py"].iter().find_map(|end| self.module_of(self.sources.find(&format!("{base}{end}"))?))
    }
}

/// The calls of a module, and what they call.
fn call_sites(program: &Program, id: ModuleId) -> Vec<CallSite> {
    let resolver = Resolver::new(program);
    let module = program.module(id);
    let call = |expr: ExprId| {
        let callee = module.call(expr)?.callee;
        Some(CallSite { expr, callee: resolver.called(id, callee) })
    };
    module.expr_ids().filter_map(call).collect()
}

/// What a module of JavaScript assigns to in libraries and their objects.
fn assigned(program: &Program, id: ModuleId) -> Vec<Ustr> {
    let module = program.module(id);
    if module.language != Language::TypeScript || program.sources.get(module.file).test {
        return Vec::new();
    }
    let resolver = Resolver::new(program);
    let targets = module.stmts.iter().flat_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value: Some(_), .. } => &targets[..],
        _ => &[],
    });
    let attributes = targets.filter(|target| matches!(module.expr(**target).kind, ExprKind::Attribute { .. }));
    attributes.filter_map(|target| resolver.entity(id, *target).library()).collect()
}

fn module_id(index: usize) -> ModuleId {
    ModuleId(u32::try_from(index).unwrap_or(u32::MAX))
}

fn defines(module: &Module, name: Ustr) -> bool {
    module.scope(ScopeId(0)).bindings.iter().any(|b| b.name == name && !matches!(b.kind, BindingKind::Import(_)))
}
