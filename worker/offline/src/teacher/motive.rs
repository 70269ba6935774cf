//! Why the user asks: the pack's reasons. Without any, none is given: a made-up
//! one has nothing to do with what is asked for.

use magnet_proto::FunctionId;

use super::words::Voice;
use crate::lexicon::Register;

/// A motive for a request, or none.
pub(super) fn motive(function: FunctionId, voice: &mut Voice<'_>) -> Option<String> {
    let percent = match voice.scene.persona.register {
        Register::Terse => 30,
        Register::Casual | Register::Formal => 65,
        Register::Polite => 70,
        Register::Chatty => 90,
    };
    let reasons = &voice.pack.phrases(function)?.reasons;
    (!reasons.is_empty() && voice.chance(percent)).then(|| voice.pick(reasons))
}
