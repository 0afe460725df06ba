//! The words that libraries for databases share: methods that read rows, that limit them, that say which are meant.

/// Methods that read all rows of what they are called on.
const READERS: [&str; 17] = [
    "fetchall",
    "fetch_all",
    "all",
    "to_dataframe",
    "to_arrow",
    "to_list",
    "toArray",
    "to_pandas",
    "getMany",
    "getManyAndCount",
    "getRawMany",
    "getRawAndEntities",
    "getQueryResults",
    "fetchAll",
    "fetch_df",
    "df",
    "pl",
];

/// Methods that leave a few rows, one, or a number; or that read none, but write, or only say what would be read.
const LIMITING: [&str; 83] = [
    "limit",
    "limit_to_last",
    "limitToLast",
    "limitToFirst",
    "take",
    "top",
    "head",
    "tail",
    "slice",
    "first",
    "last",
    "earliest",
    "latest",
    "one",
    "one_or_none",
    "scalar",
    "scalar_one",
    "scalar_one_or_none",
    "first_or_404",
    "get",
    "get_or_404",
    "get_or_none",
    "getOne",
    "getOneOrFail",
    "getRawOne",
    "getCount",
    "getExists",
    "findOne",
    "find_one",
    "count",
    "countDocuments",
    "estimatedDocumentCount",
    "count_documents",
    "aggregate",
    "exists",
    "exist",
    "contains",
    "sum",
    "avg",
    "min",
    "max",
    "distinct_count",
    "fetchone",
    "fetch_one",
    "fetchmany",
    "fetch",
    "paginate",
    "paginated",
    "page",
    "pages",
    "partitions",
    "chunk",
    "chunks",
    "in_bulk",
    "update",
    "updateOne",
    "updateMany",
    "update_one",
    "delete",
    "del",
    "deleteOne",
    "deleteMany",
    "remove",
    "insert",
    "insertMany",
    "create",
    "bulk_create",
    "bulk_update",
    "save",
    "truncate",
    "values_count",
    "subquery",
    "cte",
    "as_",
    "as",
    "findOneAndUpdate",
    "sample",
    "toQuery",
    "toSQL",
    "toSql",
    "getQuery",
    "getSql",
    "compile",
];

/// Methods that pass rows on one by one.
const STREAMING: [&str; 9] = ["stream", "cursor", "iterator", "aiterator", "iterate", "eachAsync", "each", "pipe", "createReadStream"];

/// Arguments, and keys of options, that say how many rows there may be.
pub(super) const LIMITS: [&str; 12] =
    ["limit", "max_results", "maxResults", "take", "length", "fetch_size", "first", "last", "chunksize", "max_rows", "maxRows", "num_rows"];

/// Methods and functions that say which rows are meant.
const FILTERS: [&str; 19] = [
    "filter",
    "filter_by",
    "where",
    "andWhere",
    "whereIn",
    "whereEq",
    "eq",
    "equals",
    "in_",
    "inArray",
    "and",
    "and_",
    "find",
    "find_by",
    "findBy",
    "findAndCountBy",
    "having",
    "match",
    "get",
];

/// Methods that gather what they are handed in a list or a set.
const GATHERERS: [&str; 6] = ["append", "add", "push", "appendleft", "unshift", "extend"];

pub(super) fn reads(method: &str) -> bool {
    READERS.contains(&method)
}

pub(super) fn limits(method: &str) -> bool {
    LIMITING.contains(&method)
}

pub(super) fn streams(method: &str) -> bool {
    STREAMING.contains(&method)
}

pub(super) fn filters(method: &str) -> bool {
    FILTERS.contains(&method)
}

pub(super) fn gathers(method: &str) -> bool {
    GATHERERS.contains(&method)
}
