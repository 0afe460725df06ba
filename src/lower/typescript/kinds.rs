//! The grammar's node kinds, and what was decided about each. The TSX grammar has all kinds of the TypeScript grammar but one.

use std::sync::OnceLock;

use super::Dialect;
use crate::lower::grammar::{Tables, fields, kinds};

kinds! {
    AbstractClassDeclaration "abstract_class_declaration",
    AbstractMethodSignature "abstract_method_signature",
    AccessibilityModifier "accessibility_modifier",
    AddingTypeAnnotation "adding_type_annotation",
    AmbientDeclaration "ambient_declaration",
    Arguments "arguments",
    Array "array",
    ArrayPattern "array_pattern",
    ArrayType "array_type",
    ArrowFunction "arrow_function",
    AsExpression "as_expression",
    Asserts "asserts",
    AssertsAnnotation "asserts_annotation",
    Assignment "assignment_expression",
    AssignmentPattern "assignment_pattern",
    AugmentedAssignment "augmented_assignment_expression",
    Await "await_expression",
    Binary "binary_expression",
    Break "break_statement",
    Call "call_expression",
    CallSignature "call_signature",
    Catch "catch_clause",
    Class "class",
    ClassBody "class_body",
    ClassDeclaration "class_declaration",
    ClassHeritage "class_heritage",
    ClassStaticBlock "class_static_block",
    Comment "comment",
    ComputedPropertyName "computed_property_name",
    ConditionalType "conditional_type",
    Constraint "constraint",
    ConstructSignature "construct_signature",
    ConstructorType "constructor_type",
    Continue "continue_statement",
    Debugger "debugger_statement",
    Decorator "decorator",
    DefaultType "default_type",
    Do "do_statement",
    Else "else_clause",
    EmptyStatement "empty_statement",
    EnumAssignment "enum_assignment",
    EnumBody "enum_body",
    EnumDeclaration "enum_declaration",
    EscapeSequence "escape_sequence",
    ExistentialType "existential_type",
    ExportClause "export_clause",
    ExportSpecifier "export_specifier",
    Export "export_statement",
    ExpressionStatement "expression_statement",
    ExtendsClause "extends_clause",
    ExtendsTypeClause "extends_type_clause",
    False "false",
    Finally "finally_clause",
    FlowMaybeType "flow_maybe_type",
    ForIn "for_in_statement",
    For "for_statement",
    FormalParameters "formal_parameters",
    FunctionDeclaration "function_declaration",
    FunctionExpression "function_expression",
    FunctionSignature "function_signature",
    FunctionType "function_type",
    GeneratorFunction "generator_function",
    GeneratorFunctionDeclaration "generator_function_declaration",
    GenericType "generic_type",
    HashBang "hash_bang_line",
    HtmlCharacterReference "html_character_reference",
    HtmlComment "html_comment",
    Identifier "identifier",
    If "if_statement",
    ImplementsClause "implements_clause",
    ImportKeyword "import",
    ImportAlias "import_alias",
    ImportAttribute "import_attribute",
    ImportClause "import_clause",
    ImportRequire "import_require_clause",
    ImportSpecifier "import_specifier",
    Import "import_statement",
    IndexSignature "index_signature",
    IndexTypeQuery "index_type_query",
    InferType "infer_type",
    Instantiation "instantiation_expression",
    InterfaceBody "interface_body",
    InterfaceDeclaration "interface_declaration",
    InternalModule "internal_module",
    IntersectionType "intersection_type",
    JsxAttribute "jsx_attribute",
    JsxClosing "jsx_closing_element",
    JsxElement "jsx_element",
    JsxExpression "jsx_expression",
    JsxNamespaceName "jsx_namespace_name",
    JsxOpening "jsx_opening_element",
    JsxSelfClosing "jsx_self_closing_element",
    JsxText "jsx_text",
    Labeled "labeled_statement",
    Lexical "lexical_declaration",
    LiteralType "literal_type",
    LookupType "lookup_type",
    MappedType "mapped_type_clause",
    Member "member_expression",
    MetaProperty "meta_property",
    MethodDefinition "method_definition",
    MethodSignature "method_signature",
    ModuleDeclaration "module",
    NamedImports "named_imports",
    NamespaceExport "namespace_export",
    NamespaceImport "namespace_import",
    NestedIdentifier "nested_identifier",
    NestedTypeIdentifier "nested_type_identifier",
    New "new_expression",
    NonNull "non_null_expression",
    Null "null",
    Number "number",
    Object "object",
    ObjectAssignmentPattern "object_assignment_pattern",
    ObjectPattern "object_pattern",
    ObjectType "object_type",
    OmittingTypeAnnotation "omitting_type_annotation",
    OptingTypeAnnotation "opting_type_annotation",
    OptionalChain "optional_chain",
    OptionalParameter "optional_parameter",
    OptionalType "optional_type",
    OverrideModifier "override_modifier",
    Pair "pair",
    PairPattern "pair_pattern",
    Parenthesized "parenthesized_expression",
    ParenthesizedType "parenthesized_type",
    PredefinedType "predefined_type",
    PrivateName "private_property_identifier",
    Program "program",
    PropertyName "property_identifier",
    PropertySignature "property_signature",
    FieldDefinition "public_field_definition",
    ReadonlyType "readonly_type",
    Regex "regex",
    RegexFlags "regex_flags",
    RegexPattern "regex_pattern",
    RequiredParameter "required_parameter",
    RestPattern "rest_pattern",
    RestType "rest_type",
    Return "return_statement",
    Satisfies "satisfies_expression",
    Sequence "sequence_expression",
    ShorthandProperty "shorthand_property_identifier",
    ShorthandPattern "shorthand_property_identifier_pattern",
    Spread "spread_element",
    StatementBlock "statement_block",
    StatementName "statement_identifier",
    String "string",
    StringFragment "string_fragment",
    Subscript "subscript_expression",
    Super "super",
    SwitchBody "switch_body",
    SwitchCase "switch_case",
    SwitchDefault "switch_default",
    Switch "switch_statement",
    TemplateLiteralType "template_literal_type",
    TemplateString "template_string",
    TemplateSubstitution "template_substitution",
    TemplateType "template_type",
    Ternary "ternary_expression",
    This "this",
    ThisType "this_type",
    Throw "throw_statement",
    True "true",
    Try "try_statement",
    TupleType "tuple_type",
    TypeAlias "type_alias_declaration",
    TypeAnnotation "type_annotation",
    TypeArguments "type_arguments",
    TypeAssertion "type_assertion",
    TypeIdentifier "type_identifier",
    TypeParameter "type_parameter",
    TypeParameters "type_parameters",
    TypePredicate "type_predicate",
    TypePredicateAnnotation "type_predicate_annotation",
    TypeQuery "type_query",
    Unary "unary_expression",
    Undefined "undefined",
    UnionType "union_type",
    Update "update_expression",
    Variable "variable_declaration",
    Declarator "variable_declarator",
    While "while_statement",
    With "with_statement",
    Yield "yield_expression",
}

impl Kind {
    /// Whether it declares nothing that runs and no type that leads anywhere: its children are not visited.
    pub fn is_mere_type(self) -> bool {
        matches!(
            self,
            Self::AbstractMethodSignature
                | Self::AddingTypeAnnotation
                | Self::AmbientDeclaration
                | Self::Asserts
                | Self::AssertsAnnotation
                | Self::CallSignature
                | Self::ConditionalType
                | Self::ConstructSignature
                | Self::ConstructorType
                | Self::ExistentialType
                | Self::FunctionSignature
                | Self::FunctionType
                | Self::IndexSignature
                | Self::IndexTypeQuery
                | Self::InferType
                | Self::LookupType
                | Self::MappedType
                | Self::MethodSignature
                | Self::OmittingTypeAnnotation
                | Self::OptingTypeAnnotation
                | Self::TemplateLiteralType
                | Self::TemplateType
                | Self::TypeParameter
                | Self::TypeParameters
                | Self::TypePredicate
                | Self::TypePredicateAnnotation
                | Self::TypeQuery
        )
    }

    /// Whether it is a function with a scope of its own.
    pub fn is_function(self) -> bool {
        matches!(
            self,
            Self::ArrowFunction
                | Self::FunctionDeclaration
                | Self::FunctionExpression
                | Self::GeneratorFunction
                | Self::GeneratorFunctionDeclaration
                | Self::MethodDefinition
        )
    }
}

fields! {
    Alias "alias",
    Alternative "alternative",
    Argument "argument",
    Arguments "arguments",
    Attribute "attribute",
    Body "body",
    CloseTag "close_tag",
    Condition "condition",
    Consequence "consequence",
    Constraint "constraint",
    Constructor "constructor",
    Declaration "declaration",
    Decorator "decorator",
    Finalizer "finalizer",
    Flags "flags",
    Function "function",
    Handler "handler",
    Increment "increment",
    Index "index",
    IndexType "index_type",
    Initializer "initializer",
    Key "key",
    KindWord "kind",
    Label "label",
    Left "left",
    Module "module",
    Name "name",
    Object "object",
    OpenTag "open_tag",
    Operator "operator",
    OptionalChain "optional_chain",
    Parameter "parameter",
    Parameters "parameters",
    Pattern "pattern",
    Property "property",
    ReturnType "return_type",
    Right "right",
    Sign "sign",
    Source "source",
    Type "type",
    TypeArguments "type_arguments",
    TypeParameters "type_parameters",
    Value "value",
}

/// The tables of a grammar.
pub fn tables(dialect: Dialect) -> &'static Tables<Kind, Field> {
    static PLAIN: OnceLock<Tables<Kind, Field>> = OnceLock::new();
    static JSX: OnceLock<Tables<Kind, Field>> = OnceLock::new();
    let tables = match dialect {
        Dialect::TypeScript => &PLAIN,
        Dialect::Tsx => &JSX,
    };
    tables.get_or_init(|| Tables::new(&dialect.grammar(), &KINDS, FIELDS, Field::None))
}

/// Visible kinds of nodes that the grammars have and nobody decided about: a test wants none.
#[must_use]
pub fn undecided() -> Vec<String> {
    [Dialect::TypeScript, Dialect::Tsx].iter().flat_map(|dialect| KINDS.missing(&dialect.grammar())).collect()
}
