//! Command line. Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.

mod accounts;
mod check;
mod demo;
mod import;
mod listener;
mod mail;
mod search;
mod serve;
mod speech;
mod stopping;

use crate::config::{Config, ConfigError, LogFormat};
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The last word after every support call or chat.
#[derive(Debug, Parser)]
#[command(name = "afterword", version, about, arg_required_else_help = true)]
struct Cli {
    /// Configuration file; ./afterword.toml where there is one. AFTERWORD__SECTION__KEY overrides a key.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages and the API, and run background jobs
    Serve {
        /// Only serve; jobs are run by `afterword worker` elsewhere
        #[arg(long)]
        no_work: bool,
    },
    /// Only run background jobs; any number of workers, on any machine
    Worker {
        /// Only kinds of job that begin with this: transcription, mail, survey …
        #[arg(long, value_name = "KIND")]
        only: Vec<String>,
    },
    /// Run a demo of a made-up company in a throw-away folder; mail is captured at /demo/mail
    Demo(demo::DemoCommand),
    /// Migrate the database
    Migrate,
    /// Speech models
    #[command(subcommand)]
    Models(speech::ModelsCommand),
    /// Transcribe one file, without a database
    Transcribe(speech::TranscribeCommand),
    /// Full-text search
    #[command(subcommand)]
    Search(SearchCommand),
    /// Accounts
    #[command(subcommand)]
    Staff(StaffCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Import data from files
    #[command(subcommand)]
    Import(ImportCommand),
    /// Print the API's specification (OpenAPI, YAML)
    Openapi,
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Sending of mail
    #[command(subcommand)]
    Mail(MailCommand),
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Store customers' e-mail addresses by telephone number, from a CSV file with the columns phone, email, name, locale
    Contacts {
        /// CSV file
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Print the DNS record for mail.dkim
    DkimRecord,
    /// Check that the mail server is reachable and accepts the credentials; sends nothing
    Check,
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Create an account; prints the one-time link that sets its password
    Add(accounts::StaffAdd),
}

#[derive(Debug, Subcommand)]
enum SearchCommand {
    /// Rebuild the search index of all calls and chats, in the background
    Rebuild,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create an API key; prints it once
    Add(accounts::KeyAdd),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the configuration: files, folders, database, key, model, addresses; changes nothing
    Check,
    /// Print the effective configuration, with secrets masked
    Show,
}

/// Failure of a command: what happened and what to do, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// Returns a failure with exit code 1, from a chain of reasons.
    fn from_chain(error: &anyhow::Error) -> Self {
        Self { text: format!("{error:#}"), code: 1 }
    }

    /// The same, except that a closed standard output, as by `head`, is not a failure.
    fn unless_closed(done: anyhow::Result<()>) -> Result<(), Self> {
        let is_closed = |error: &anyhow::Error| {
            error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        };
        match done {
            Err(error) if !is_closed(&error) => Err(Self::from_chain(&error)),
            _ => Ok(()),
        }
    }

    /// Returns a failure with exit code 2.
    fn usage(text: impl std::fmt::Display) -> Self {
        Self { text: text.to_string(), code: 2 }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { text: error.to_string(), code: 1 }
    }
}

/// Parses the arguments, runs the command, and reports its failure.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap also prints help and version here, which are not failures.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say_error(&failure.text);
            ExitCode::from(failure.code)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let config = Config::load(cli.config.as_deref()).map_err(|e: ConfigError| Failure::usage(e))?;
    match cli.command {
        Command::Config(ConfigCommand::Check) => in_runtime(check::check(config)),
        Command::Config(ConfigCommand::Show) => {
            say(config.to_redacted_toml().trim_end());
            Ok(())
        }
        Command::Openapi => in_runtime(serve::openapi()),
        Command::Mail(MailCommand::DkimRecord) => mail::dkim_record(&config),
        Command::Mail(MailCommand::Check) => in_runtime(mail::try_out(config)),
        Command::Serve { no_work } => {
            log_to_stderr(&config);
            mail::or_fail(&config)?;
            in_runtime(serve::serve(config, !no_work))
        }
        Command::Worker { only } => {
            log_to_stderr(&config);
            mail::or_fail(&config)?;
            in_runtime(serve::work(config, only))
        }
        Command::Models(command) => in_runtime(speech::models(config, command)),
        Command::Transcribe(command) => in_runtime(speech::transcribe(config, command)),
        Command::Demo(command) => {
            log_to_stderr(&demo::quiet(&config));
            in_runtime(demo::demo(config, command))
        }
        Command::Search(SearchCommand::Rebuild) => in_runtime(search::rebuild(config)),
        Command::Import(ImportCommand::Contacts { file }) => in_runtime(import::contacts(config, &file)),
        Command::Migrate => in_runtime(serve::migrate(config)),
        Command::Staff(StaffCommand::Add(add)) => in_runtime(accounts::add_staff(config, add)),
        Command::Key(KeyCommand::Add(add)) => in_runtime(accounts::add_key(config, add)),
    }
}

/// Runs a command on the same runtime as the service.
fn in_runtime<F: Future<Output = Result<(), Failure>>>(command: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(command);
    // Computations on blocking threads do not delay the exit.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Filter for libraries that log whole requests, mails and statements: they never log more than this, as survey links
/// are secrets. Appended to the configured filter, so that it has precedence.
const MAX_LIBRARY_LEVELS: &str =
    "hyper=info,hyper_util=info,h2=info,poem=info,poem_openapi=info,reqwest=info,lettre=info,rustls=info,sqlx=info";

fn log_to_stderr(config: &Config) {
    use std::io::IsTerminal;
    // The decoders log every file that they open.
    let filter = format!("symphonia=warn,symphonia_format_ogg=warn,{},{MAX_LIBRARY_LEVELS}", config.log.filter);
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    // A second subscriber in one process (tests) is harmless.
    let _ = match config.log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

/// Writes a line to standard output. A closed pipe, as of `head`, is not a failure.
fn say(text: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        say_error(&format!("standard output: {error}"));
    }
}

#[expect(clippy::print_stderr, reason = "what went wrong goes to standard error")]
fn say_error(text: &str) {
    eprintln!("afterword: {text}");
}
