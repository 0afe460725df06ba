//! The grammar's node kinds, and what was decided about each.

use std::sync::OnceLock;

use crate::lower::grammar::{Tables, fields, kinds};

kinds! {
    AliasedImport "aliased_import",
    ArgumentList "argument_list",
    AsPattern "as_pattern",
    AsPatternTarget "as_pattern_target",
    Assert "assert_statement",
    Assignment "assignment",
    Attribute "attribute",
    AugmentedAssignment "augmented_assignment",
    Await "await",
    Binary "binary_operator",
    Block "block",
    Boolean "boolean_operator",
    Break "break_statement",
    Call "call",
    CaseClause "case_clause",
    CasePattern "case_pattern",
    Chevron "chevron",
    ClassDefinition "class_definition",
    ClassPattern "class_pattern",
    Comment "comment",
    Comparison "comparison_operator",
    ComplexPattern "complex_pattern",
    ConcatenatedString "concatenated_string",
    Conditional "conditional_expression",
    ConstrainedType "constrained_type",
    Continue "continue_statement",
    DecoratedDefinition "decorated_definition",
    Decorator "decorator",
    DefaultParameter "default_parameter",
    Delete "delete_statement",
    DictPattern "dict_pattern",
    Dictionary "dictionary",
    DictionaryComprehension "dictionary_comprehension",
    DictionarySplat "dictionary_splat",
    DictionarySplatPattern "dictionary_splat_pattern",
    DottedName "dotted_name",
    Elif "elif_clause",
    Ellipsis "ellipsis",
    Else "else_clause",
    EscapeInterpolation "escape_interpolation",
    EscapeSequence "escape_sequence",
    Except "except_clause",
    Exec "exec_statement",
    ExpressionList "expression_list",
    ExpressionStatement "expression_statement",
    False "false",
    Finally "finally_clause",
    Float "float",
    ForInClause "for_in_clause",
    For "for_statement",
    FormatExpression "format_expression",
    FormatSpecifier "format_specifier",
    FunctionDefinition "function_definition",
    FutureImport "future_import_statement",
    GeneratorExpression "generator_expression",
    GenericType "generic_type",
    Global "global_statement",
    Identifier "identifier",
    IfClause "if_clause",
    If "if_statement",
    ImportFrom "import_from_statement",
    ImportPrefix "import_prefix",
    Import "import_statement",
    Integer "integer",
    Interpolation "interpolation",
    KeywordArgument "keyword_argument",
    KeywordPattern "keyword_pattern",
    KeywordSeparator "keyword_separator",
    Lambda "lambda",
    LambdaParameters "lambda_parameters",
    LineContinuation "line_continuation",
    List "list",
    ListComprehension "list_comprehension",
    ListPattern "list_pattern",
    ListSplat "list_splat",
    ListSplatPattern "list_splat_pattern",
    Match "match_statement",
    MemberType "member_type",
    Module "module",
    Named "named_expression",
    None "none",
    Nonlocal "nonlocal_statement",
    Not "not_operator",
    Pair "pair",
    Parameters "parameters",
    Parenthesized "parenthesized_expression",
    ParenthesizedListSplat "parenthesized_list_splat",
    Pass "pass_statement",
    PatternList "pattern_list",
    PositionalSeparator "positional_separator",
    Print "print_statement",
    Raise "raise_statement",
    RelativeImport "relative_import",
    Return "return_statement",
    Set "set",
    SetComprehension "set_comprehension",
    Slice "slice",
    SplatPattern "splat_pattern",
    SplatType "splat_type",
    String "string",
    StringContent "string_content",
    StringEnd "string_end",
    StringStart "string_start",
    Subscript "subscript",
    True "true",
    Try "try_statement",
    Tuple "tuple",
    TuplePattern "tuple_pattern",
    Type "type",
    TypeAlias "type_alias_statement",
    TypeConversion "type_conversion",
    TypeParameter "type_parameter",
    TypedDefaultParameter "typed_default_parameter",
    TypedParameter "typed_parameter",
    Unary "unary_operator",
    UnionPattern "union_pattern",
    UnionType "union_type",
    While "while_statement",
    WildcardImport "wildcard_import",
    WithClause "with_clause",
    WithItem "with_item",
    With "with_statement",
    Yield "yield",
}

impl Kind {
    /// Whether its children are not visited: it has none, or they add nothing to its text.
    pub fn is_leaf(self) -> bool {
        matches!(
            self,
            Self::Token
                | Self::Comment
                | Self::Ellipsis
                | Self::EscapeInterpolation
                | Self::EscapeSequence
                | Self::False
                | Self::Float
                | Self::Identifier
                | Self::ImportPrefix
                | Self::Integer
                | Self::KeywordSeparator
                | Self::LineContinuation
                | Self::None
                | Self::PositionalSeparator
                | Self::StringContent
                | Self::StringEnd
                | Self::StringStart
                | Self::True
                | Self::TypeConversion
                | Self::WildcardImport
                | Self::DottedName
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
    Cause "cause",
    Code "code",
    Condition "condition",
    Consequence "consequence",
    Definition "definition",
    Expression "expression",
    FormatSpecifier "format_specifier",
    Function "function",
    Guard "guard",
    Key "key",
    Left "left",
    ModuleName "module_name",
    Name "name",
    Object "object",
    Operator "operator",
    Operators "operators",
    Parameters "parameters",
    ReturnType "return_type",
    Right "right",
    Subject "subject",
    Subscript "subscript",
    Superclasses "superclasses",
    Type "type",
    TypeConversion "type_conversion",
    TypeParameters "type_parameters",
    Value "value",
}

/// The tables of the grammar in use.
pub fn tables() -> &'static Tables<Kind, Field> {
    static TABLES: OnceLock<Tables<Kind, Field>> = OnceLock::new();
    TABLES.get_or_init(|| Tables::new(&tree_sitter_python::LANGUAGE.into(), &KINDS, FIELDS, Field::None))
}

/// Visible kinds of nodes that the grammar has and nobody decided about: a test wants none.
#[must_use]
pub fn undecided() -> Vec<String> {
    KINDS.missing(&tree_sitter_python::LANGUAGE.into())
}
