//! `roadworthy config`.

use std::path::PathBuf;

use clap::Subcommand;

use super::CLEAN;
use crate::config;
use crate::error::Error;
use crate::run::configuration_of;

/// Show the configuration that holds, or describe what it may say
#[derive(clap::Args, Debug)]
pub(super) struct LowArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Print the effective configuration as TOML
    Show {
        /// The folder it is to hold for
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Print the JSON Schema of roadworthy.toml
    Schema,
}

pub(super) fn run(low: &LowArgs) -> Result<u8, Error> {
    let text = match &low.what {
        What::Show { path } => {
            let directory = super::working_directory()?.join(path);
            if !directory.is_dir() {
                return Err(Error::new(format!("`{}` is not a folder", path.display())));
            }
            configuration_of(&directory)?.show()
        }
        What::Schema => format!("{:#}\n", config::schema()),
    };
    super::print(|out| out.write_all(text.as_bytes()))?;
    Ok(CLEAN)
}
