//! Work of others that a loop asks for once for each of its things: queries, requests and connections.

use super::{PLAIN, Rule, Where};
use crate::performance::{
    finding::Gain,
    language::Language::{Go, Java, JavaScript, Python, Rust},
};

const QUERY: Rule = Rule {
    kind: "query_in_loop",
    place: Where::Each,
    proposal: "ask once for all of them before the loop, with `IN (…)`, a join or an eager load, and look each up in a map",
    gain: Gain::High,
    ..PLAIN
};

const CONNECTION: Rule = Rule {
    kind: "connection_in_loop",
    proposal: "make one client, session or pool before the loop and use it each time: a connection costs round trips",
    gain: Gain::High,
    ..PLAIN
};

/// Queries and connections in loops.
pub(super) const RULES: &[Rule] = &[
    Rule {
        languages: &[Python],
        pattern: r"\b(?:cur|cursor|conn|connection|db|session|database)\w*\.(?:execute|query|fetch|fetchrow|fetchval|fetch_one|scalar|scalars)\s*\(|\.objects\.(?:get|filter|exclude)\s*\(",
        ..QUERY
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\.(?:findOne|findUnique|findById|findByPk|findFirst|findOneBy)\s*\(|\b(?:db|pool|conn|connection|tx|trx|knex|sql|database)\.(?:query|execute|get|all|run)\s*\(",
        ..QUERY
    },
    Rule {
        languages: &[Rust],
        pattern: r"\bsqlx::query\w*!?\s*(?:::<[^>]*>)?\(|\.(?:query_row|query_one|query_opt|query_map)\s*\(|\.(?:get_result|load|first)(?:::<[^>]*>)?\s*\(\s*&?(?:mut )?(?:conn|connection|db)\b",
        ..QUERY
    },
    Rule {
        languages: &[Go],
        pattern: r"\b(?:\w+\.)?(?:db|DB|tx|conn|pool|stmt)\.(?:Query|QueryRow|Exec|Get|Select|First|Find)(?:Context|x)?\s*\(",
        ..QUERY
    },
    Rule {
        languages: &[Java],
        pattern: r"\.(?:executeQuery|executeUpdate|queryForObject)\s*\(|\b\w*[rR]epository\.(?:findBy\w+|findById|getById|getOne)\s*\(|\b(?:em|entityManager)\.find\s*\(",
        ..QUERY
    },
    Rule {
        languages: &[Python],
        pattern: r"\brequests\.(?:get|post|put|patch|delete|head)\s*\(|\b(?:psycopg2?|sqlite3|pymysql|asyncpg)\.connect\s*\(|\b(?:httpx\.(?:Async)?Client|requests\.Session|aiohttp\.ClientSession)\s*\(",
        place: Where::Each,
        ..CONNECTION
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\bnew\s+(?:PrismaClient|MongoClient|Pool|Client|Redis)\s*\(|\b(?:mysql2?|mongoose)\.(?:createConnection|connect)\s*\(",
        place: Where::Each,
        ..CONNECTION
    },
    Rule {
        languages: &[Rust],
        pattern: r"\breqwest::(?:blocking::)?(?:Client::(?:new|builder)|get)\s*\(|\b(?:PgConnection|PgPool|SqlitePool|MySqlPool)::(?:connect|establish)\s*\(|\bConnection::open\s*\(",
        place: Where::Each,
        ..CONNECTION
    },
    Rule {
        languages: &[Go],
        pattern: r"\bsql\.Open\s*\(|&?http\.Client\s*\{|\b(?:grpc\.Dial|redis\.NewClient|pgx\.Connect)\s*\(",
        place: Where::Each,
        ..CONNECTION
    },
    Rule {
        languages: &[Java],
        pattern: r"\bDriverManager\.getConnection\s*\(|\bHttpClient\.newHttpClient\s*\(|\bnew\s+(?:RestTemplate|OkHttpClient)\s*\(",
        place: Where::Each,
        ..CONNECTION
    },
];
