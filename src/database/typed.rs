//! List of every query and its row type, for the test that reads rows of all kinds into each.
//!
//! The compiler does not check a query's columns against the type. PostgreSQL reports a wrong type at the first row;
//! SQLite only for values that happen to be stored differently, such as the whole number that `COALESCE(real_column,
//! 0)` returns. The `fetch_…!` macros add their queries to the list. Release builds have no list.

#[cfg(debug_assertions)]
pub use list::{TYPED_QUERIES, TypedQuery};

/// Adds a query to the list. The statement must be a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! typed_query {
    ($sql:expr => $row:ty) => { $crate::typed_query!(@add $sql, typed::<$row>); };
    (packed $sql:expr => $row:ty) => { $crate::typed_query!(@add $sql, packed::<$row>); };
    (@add $sql:expr, $how:ident::<$row:ty>) => {
        #[cfg(debug_assertions)]
        const _: () = {
            #[linkme::distributed_slice($crate::database::TYPED_QUERIES)]
            static QUERY: $crate::database::TypedQuery =
                $crate::database::TypedQuery::$how::<$row>($sql, stringify!($sql), concat!(file!(), ":", line!()));
        };
    };
}

#[cfg(debug_assertions)]
mod list {
    use crate::database::{Row, Sql, unpack};
    use sqlx::postgres::PgRow;
    use sqlx::sqlite::SqliteRow;

    /// Every query that is read with a `fetch_…!` macro.
    #[linkme::distributed_slice]
    pub static TYPED_QUERIES: [TypedQuery];

    /// A query with its row type.
    #[derive(Debug, Clone, Copy)]
    pub struct TypedQuery {
        /// Statement.
        pub sql: Sql,
        /// Name of the constant.
        pub name: &'static str,
        /// File and line of its use.
        pub place: &'static str,
        /// Reads one row of SQLite.
        pub read_sqlite: fn(&SqliteRow) -> Result<(), sqlx::Error>,
        /// Reads one row of PostgreSQL.
        pub read_pg: fn(&PgRow) -> Result<(), sqlx::Error>,
    }

    impl TypedQuery {
        /// Returns a query whose rows are read one by one.
        pub const fn typed<T: Row>(sql: Sql, name: &'static str, place: &'static str) -> Self {
            Self {
                sql,
                name,
                place,
                read_sqlite: |row| T::from_row(row).map(drop),
                read_pg: |row| T::from_row(row).map(drop),
            }
        }

        /// Returns a query that returns all its rows as one JSON array.
        pub const fn packed<T: serde::de::DeserializeOwned>(sql: Sql, name: &'static str, place: &'static str) -> Self {
            Self {
                sql,
                name,
                place,
                read_sqlite: |row| unpack_row::<T>(sqlx::Row::try_get(row, 0)?),
                read_pg: |row| unpack_row::<T>(sqlx::Row::try_get(row, 0)?),
            }
        }
    }

    fn unpack_row<T: serde::de::DeserializeOwned>(rows: &str) -> Result<(), sqlx::Error> {
        unpack::<T>(rows).map(drop).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}
