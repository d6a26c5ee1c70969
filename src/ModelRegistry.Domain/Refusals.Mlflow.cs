namespace ModelRegistry.Domain;

/// <summary>What the surface for MLflow's clients asks beyond the others. Texts that its clients or their users know are theirs.</summary>
public static partial class Refusals
{
    public static Refusal ParameterMissing(string field) => new(RefusalKind.Invalid, "parameter_missing",
        $"Missing value for required parameter '{field}'.", "Send it.", new Dictionary<string, string> { [field] = "is required" });

    /// <param name="problem">What was expected there, as the end of the sentence "…: a text was expected".</param>
    /// <param name="at">The place of the character, from 1.</param>
    /// <param name="found">What stands there.</param>
    public static Refusal SearchFilterInvalid(string problem, int at, string found) => new(RefusalKind.Invalid, "search_filter_invalid",
        $"Invalid filter, at character {at}{(found.Length == 0 ? ", its end" : $" ('{Shown(found)}')")}: {problem}.",
        "Write comparisons joined by AND, such as name LIKE 'fraud%' AND tags.team = 'risk'.", new Dictionary<string, string> { ["filter"] = $"at character {at}: {problem}" });

    public static Refusal SearchFieldUnknown(string field, IEnumerable<string> known, int at) => new(RefusalKind.Invalid, "search_field_unknown",
        $"Invalid attribute key '{Shown(field)}' specified, at character {at}. Valid keys are {string.Join(", ", known.Select(k => $"'{k}'"))}.", "Use one of them, or tags.KEY.", new Dictionary<string, string> { ["filter"] = $"at character {at}" });

    public static Refusal SearchOrderInvalid(string term, IEnumerable<string> known) => new(RefusalKind.Invalid, "search_order_invalid",
        $"Invalid order_by clause '{Shown(term)}'. Valid keys are {string.Join(", ", known.Select(k => $"'{k}'"))}, each with ASC or DESC behind it, or with neither.", "Use these.", new Dictionary<string, string> { ["order_by"] = string.Join(", ", known) });

    public static Refusal SearchOrderTwice(string term) => new(RefusalKind.Invalid, "search_order_repeated",
        $"`order_by` contains duplicate fields: '{Shown(term)}' orders by what came before.", "Name each field once.", new Dictionary<string, string> { ["order_by"] = "each field once" });

    public static Refusal PageTokenInvalid => new(RefusalKind.Invalid, "page_token_invalid",
        "Invalid page token, could not base64-decode: it is not one that this search gave out.", "Leave page_token out to begin again; filter and order_by stay the same from page to page.", new Dictionary<string, string> { ["page_token"] = "as the last answer gave it" });

    public static Refusal MostResultsInvalid(string? given, int most) => new(RefusalKind.Invalid, "max_results_invalid",
        $"Invalid value {Shown(given)} for parameter 'max_results': a whole number from 1 to {most}.", "Ask for fewer, and go on with page_token.", new Dictionary<string, string> { ["max_results"] = $"1 to {most}" });

    public static Refusal VersionNotInteger(string? given) => new(RefusalKind.Invalid, "version_not_integer",
        $"Model version must be an integer, got '{Shown(given)}'.", "Send the version's number.", new Dictionary<string, string> { ["version"] = "a whole number" });

    public static Refusal MlflowStageInvalid(string? given) => new(RefusalKind.Invalid, "mlflow_stage_invalid",
        $"Invalid Model Version stage: {Shown(given)}. Value must be one of None, Staging, Production, Archived.", "Use one of them; other stages of this registry are reached over its own interfaces.", new Dictionary<string, string> { ["stage"] = "None, Staging, Production or Archived" });

    public static Refusal ArchiveExistingInvalid(string stage) => new(RefusalKind.Invalid, "archive_existing_invalid",
        $"Existing versions cannot be archived when a version goes to '{Shown(stage)}': archive_existing_versions is for Staging and Production.", "Leave archive_existing_versions out.", new Dictionary<string, string> { ["archive_existing_versions"] = "only for Staging and Production" });

    /// <param name="why">A sentence.</param>
    public static Refusal ArchiveExistingStuck(string version, string stage, string why) => new(RefusalKind.Forbidden, "archive_existing_stuck",
        $"Nothing was moved: version {Shown(version)} stands in {stage} too, and cannot be archived at once. {why}", "Ask without archive_existing_versions, and have the others archived by moves of their own.");

    public static Refusal ArchiveExistingMany(int count, string stage, int most) => new(RefusalKind.Forbidden, "archive_existing_many",
        $"Nothing was moved: {count} other versions stand in {stage}, and one request archives {most}.", "Archive some of them first, or ask without archive_existing_versions.");

    public static Refusal AliasReserved(string alias) => new(RefusalKind.Invalid, "alias_reserved",
        Names.Fold(alias) == "latest" ? "'latest' alias name (case insensitive) is reserved." : $"Version alias name '{Shown(alias)}' is reserved.", "Choose a word that is no version.", new Dictionary<string, string> { ["alias"] = "not latest, a number or v and a number" });

    public static Refusal AliasNotFound(string alias) => new(RefusalKind.Invalid, "alias_not_found",
        $"Registered model alias {Shown(alias)} not found.", "Read the model to see its aliases.", new Dictionary<string, string> { ["alias"] = "one that the model has" });

    public static Refusal SourceUnsafe(string? source, string problem) => new(RefusalKind.Invalid, "source_unsafe",
        $"Invalid model version source: '{Shown(source)}': {problem}.", "Name where the model lies as MLflow logged it (runs:/…, models:/…, s3://…), or upload it to mlflow-artifacts first.", new Dictionary<string, string> { ["source"] = problem });

    public static Refusal TagReserved(string key) => new(RefusalKind.Forbidden, "tag_reserved",
        $"Tags that begin with '{Shown(key)}' are the registry's own: they show what it knows, and cannot be set.", "Choose another key.", new Dictionary<string, string> { ["key"] = "not the registry's own" });

    public static Refusal SourcesBusy => new(RefusalKind.Limited, "sources_busy",
        "Files of as many versions as this server takes from the tracking server at once are on their way.", "Register it again in a minute.");

    public static Refusal RegisteredIsFixed(string path) => new(RefusalKind.Forbidden, "registered_is_fixed",
        $"'{Shown(path)}' is among the files of registered versions, which never change.", "Upload elsewhere, and register a version with that as its source.");

    public static Refusal UploadsWaiting(int most) => new(RefusalKind.Conflict, "uploads_waiting",
        $"This caller has {most} uploaded files that no version has taken.", "Register versions of them, or delete those that are not needed.");

    public static Refusal UploadsUnderWay(int most) => new(RefusalKind.Conflict, "uploads_under_way",
        $"This caller has {most} uploads in parts under way.", "Complete them, or give them up (mpu/complete, mpu/abort).");

    public static Refusal ArtifactNotFound(string path) => new(RefusalKind.NotFound, "artifact_not_found",
        $"No such artifact: '{Shown(path)}'.", "List the folder to see what is there; uploads are seen by who sent them until a version takes them.");

    /// <param name="problem">What happened, as the end of the sentence "…: it does not answer".</param>
    /// <param name="taken">Versions that were taken over before it happened.</param>
    public static Refusal ImportSourceUnusable(string from, string problem, int taken) => new(RefusalKind.Conflict, "import_source_unusable",
        $"What '{Shown(from)}' has cannot be read: {Shown(problem)}.{(taken == 0 ? "" : $" {taken} versions were taken over before.")}",
        "See that it is the address of an MLflow server, and that the credential in the environment counts there; run it again, and it goes on.");

    public static Refusal MultipartGone(string? id) => new(RefusalKind.NotFound, "multipart_gone",
        $"This caller has no upload '{Shown(id)}' under way: it was given up, or is older than a day, or never was.", "Begin the upload again (mpu/create), or send the file in one piece (PUT).");

    /// <remarks>What is wrong with it is not told apart: an address that was made up is to learn nothing.</remarks>
    public static Refusal PartAddressInvalid => new(RefusalKind.Forbidden, "part_address_invalid",
        "This address takes no part: it is not one that was given out, or its upload is over, or whoever began it may no longer upload.", "Begin the upload again (mpu/create), and send each part to the address that comes with it.");

    public static Refusal UploadPartMissing(int number) => new(RefusalKind.Invalid, "upload_part_missing",
        $"Part {number} is not here.", "Send it to its address, then complete the upload; or give it up (mpu/abort).", new Dictionary<string, string> { ["parts"] = $"part {number} is missing" });

    /// <param name="problem">As the end of a sentence about the parts that were named.</param>
    public static Refusal UploadPartsInvalid(string problem) => new(RefusalKind.Invalid, "upload_parts_invalid",
        $"The parts that were named are not those of this upload: {problem}.", "Name every part once, each with the ETag that its address answered last.", new Dictionary<string, string> { ["parts"] = problem });
}
