//! `afterword models …`, `afterword transcribe FILE`.

use super::Failure;
use crate::config::Config;
use crate::transcription::cli::{self, TranscribeArgs};
use crate::transcription::models::ModelFolders;
use crate::transcription::{Format, Speaker, engine_config};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What there is to do with models.
#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// The catalogue, and what of it is installed
    List,
    /// Fetch one; resumes where it was cut off, checks its SHA-256
    Fetch {
        /// As in the list
        name: String,
    },
    /// Compare every installed model with the catalogue
    Verify,
    /// Load a file that nobody vouches for, and maybe die of it
    #[command(hide = true)]
    Try {
        /// The file
        file: PathBuf,
    },
}

/// A file to be transcribed.
#[derive(Debug, Args)]
pub(super) struct TranscribeCommand {
    /// WAV, MP3, FLAC or Ogg Vorbis
    file: PathBuf,
    /// Who speaks on which channel
    #[arg(long, value_delimiter = ',', value_name = "agent,customer")]
    channels: Vec<Speaker>,
    /// text, vtt, srt or json
    #[arg(long, default_value = "text")]
    format: Format,
    /// The language spoken, such as en; the model finds out where it can
    #[arg(long)]
    language: Option<String>,
    /// Another model than the configured one
    #[arg(long)]
    model: Option<String>,
}

/// Runs one of the commands about models.
pub(super) async fn models(config: Config, command: ModelsCommand) -> Result<(), Failure> {
    let folders = ModelFolders::new(&config.transcription.models_dir);
    let mut out = std::io::stdout();
    let done = match command {
        ModelsCommand::List => cli::models_list(&folders, &mut out),
        ModelsCommand::Fetch { name } => cli::models_fetch(&folders, &name, &mut out).await,
        ModelsCommand::Verify => cli::models_verify(&folders, &mut out),
        ModelsCommand::Try { file } => cli::models_try(&file),
    };
    done.map_err(|error| Failure::from_chain(&error))
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
    done.map_err(|error| Failure::from_chain(&error))
}
