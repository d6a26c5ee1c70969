using System.Globalization;
using System.Text;

namespace ModelRegistry.Domain;

public static partial class Refusals
{
    public static Refusal ContentCollected => new(RefusalKind.Conflict, "content_collected",
        "A content of this version was collected while it was being registered.", "Send its files again, and repeat the registration.");

    public static Refusal CollectionBusy => new(RefusalKind.Conflict, "collection_busy",
        "Another process is collecting contents of this registry, or backing it up.", "Wait until it is done.");

    // ---- file paths and manifests -------------------------------------------------------------------------------

    /// <param name="problem">Which rule it breaks, as the end of the sentence "…: it is absolute".</param>
    public static Refusal PathUnsafe(string path, string problem) => new(RefusalKind.Invalid, "path_unsafe",
        $"The file path '{Shown(path)}' cannot be taken: {Shown(problem)}.",
        "Give a relative path with forward slashes and plain names, such as 'variables/variables.index'.");

    public static Refusal ManifestEmpty() => new(RefusalKind.Invalid, "manifest_empty",
        "There is no file.",
        "Give at least one file, or a folder that holds one.");

    public static Refusal TooManyFiles(int most) => new(RefusalKind.Invalid, "too_many_files",
        $"There are more than {most} files.",
        "Pack what belongs together into one file and register that.");

    public static Refusal FileSizeInvalid(string path, long size) => new(RefusalKind.Invalid, "file_size_invalid",
        $"The file '{Shown(path)}' cannot have {size} bytes.",
        "Give the size in bytes, from 0 to 9007199254740991.");

    public static Refusal FileDuplicate(string path) => new(RefusalKind.Invalid, "file_duplicate",
        $"The file '{Shown(path)}' is given twice.",
        "Give each path once.");

    public static Refusal PathCaseCollision(string first, string second) => new(RefusalKind.Invalid, "path_case_collision",
        $"'{Shown(first)}' and '{Shown(second)}' differ only in case and would be one where case is ignored.",
        "Rename one of them.");

    public static Refusal PathIsAlsoFolder(string path) => new(RefusalKind.Invalid, "path_is_also_folder",
        $"'{Shown(path)}' is a file and a folder of other files at once.",
        "Rename one of them.");

    // ---- reading files to register ------------------------------------------------------------------------------

    public static Refusal SourceMissing(string path) => new(RefusalKind.NotFound, "source_missing",
        $"There is no file or folder '{Shown(path)}'.",
        "Check the path; a relative one starts at the current folder.");

    public static Refusal SourceUnreadable(string path) => new(RefusalKind.Invalid, "source_unreadable",
        $"'{Shown(path)}' cannot be read by this user.",
        "Grant read access to it, or copy it to where it can be read.");

    /// <param name="problem">As the end of the sentence "…: it is larger than 1 MiB".</param>
    public static Refusal TextFileInvalid(string path, string problem) => new(RefusalKind.Invalid, "text_file_invalid",
        $"The file '{Shown(path)}' cannot be taken: {problem}.",
        "Give a small file of UTF-8 text.");

    public static Refusal NotARegularFile(string path, string whatItIs) => new(RefusalKind.Invalid, "not_a_regular_file",
        $"'{Shown(path)}' is {whatItIs}; only regular files are taken.",
        "Put a copy of the file itself in its place.");

    // ---- blobs --------------------------------------------------------------------------------------------------

    public static Refusal DigestMismatch(Digest expected, Digest found) => new(RefusalKind.Unproven, "digest_mismatch",
        $"The content has the SHA-256 {found}, not {expected} as announced; nothing was kept.",
        "Send it again, or announce the digest of what is sent.");

    public static Refusal FileNotFound(string? path, string version) => new(RefusalKind.NotFound, "file_not_found",
        $"Version {version} has no file '{Shown(path)}'.", "List its files to see their paths.");

    public static Refusal DigestInvalid(string? text) => new(RefusalKind.Invalid, "digest_invalid",
        $"'{Shown(text)}' is no SHA-256.", "Write it as 64 hexadecimal digits in lower case.", new Dictionary<string, string> { ["sha256"] = "64 hexadecimal digits in lower case" });

    public static Refusal BlobNotHere(Digest digest) => new(RefusalKind.NotFound, "blob_not_here",
        $"There is no content {digest} here.", $"Upload it with PUT /blobs/{digest}, then refer to it.");

    public static Refusal FileTooLarge(long most) => new(RefusalKind.TooLarge, "file_too_large",
        $"A file has at most {most} bytes here.", "Split it.");

    /// <param name="at">How much of it is here, in bytes.</param>
    public static Refusal UploadOffset(long at) => new(RefusalKind.Conflict, "upload_offset",
        $"The upload cannot go on from there: {at} bytes of it are here.", "Ask with HEAD where to go on (Upload-Offset), and send the rest with `Content-Range: bytes OFFSET-`.");

    public static Refusal UploadRangeInvalid(string? text) => new(RefusalKind.Invalid, "upload_range_invalid",
        $"'{Shown(text)}' does not say where the upload goes on.", "Send `Content-Range: bytes OFFSET-LAST/TOTAL`, TOTAL being * where it is not known.");

    public static Refusal UploadBusy => new(RefusalKind.Conflict, "upload_busy",
        "This upload is under way in another request.", "Wait for it to end, then ask with HEAD where to go on.");

    public static Refusal FormPartInvalid(string problem) => new(RefusalKind.Invalid, "form_part_invalid",
        $"The form cannot be taken: {Shown(problem)}.", "Send multipart/form-data with the fields first and each file as a part with a file name.");

    public static Refusal BlobMissing(Digest digest) => new(RefusalKind.Unproven, "blob_missing",
        $"The stored content {digest} is gone.",
        "Restore it from a backup, or upload the same content again.");

    /// <param name="how">What differs, as a clause: "it has 10 bytes instead of 12".</param>
    public static Refusal BlobAltered(Digest digest, string how) => new(RefusalKind.Unproven, "blob_altered",
        $"The stored content {digest} is not what was registered: {how}.",
        "Do not use it. Restore it from a backup and find out who wrote to the storage.");

    // ---- objects of the bucket ----------------------------------------------------------------------------------

    /// <param name="problem">As the end of the sentence "…: it names no bucket and key".</param>
    public static Refusal ReferenceInvalid(string? text, string problem) => new(RefusalKind.Invalid, "reference_invalid",
        $"The reference '{Shown(text)}' cannot be taken: {problem}.", "Write it as s3://BUCKET/KEY, with plain steps between the slashes.");

    public static Refusal ReferenceElsewhere(string reference) => new(RefusalKind.Invalid, "reference_elsewhere",
        $"'{Shown(reference)}' is not in the bucket this registry keeps its files in.", "Refer to an object of that bucket, or upload the file.");

    /// <summary>Said of whatever lies there, and of nothing that lies there.</summary>
    public static Refusal ReferenceNotAllowed(string reference) => new(RefusalKind.Forbidden, "reference_not_allowed",
        $"'{Shown(reference)}' may not be referred to.", "Refer to an object outside the registry's own keys; an operator names the beginnings of keys that are open (MODELREGISTRY_S3_REFERENCES).");

    public static Refusal ReferenceMissing(string reference) => new(RefusalKind.NotFound, "reference_missing",
        $"There is no object '{Shown(reference)}'.", "Check the key; it is taken as it is written, without unescaping.");

    public static Refusal PresignedNotOffered => new(RefusalKind.Invalid, "presigned_not_offered",
        "The files of this registry lie in a folder of its server, so nobody else can give them out.", "Use the ordinary routes: GET /models/{model}/versions/{version}/files/{path}, and PUT /blobs/{sha256}.");

    public static Refusal PresignedUploadMissing(Digest digest) => new(RefusalKind.NotFound, "presigned_upload_missing",
        $"No upload of {digest} waits to be completed.", $"Ask for its addresses with POST /blobs/{digest}/presigned, and put its parts there first.");

    /// <param name="missing">The first part that did not come.</param>
    public static Refusal PresignedUploadIncomplete(Digest digest, int missing) => new(RefusalKind.Conflict, "presigned_upload_incomplete",
        $"Part {missing} of {digest} is not here, or not as long as it was said to be.", $"Ask again with POST /blobs/{digest}/presigned which parts are wanted, put them, then complete it.");

    // ---- writing downloads --------------------------------------------------------------------------------------

    public static Refusal TargetExists(string path) => new(RefusalKind.Conflict, "target_exists",
        $"'{Shown(path)}' is there already.",
        "Choose another folder, or ask for it to be overwritten.");

    public static Refusal TargetLeaves(string path, string link) => new(RefusalKind.Invalid, "target_leaves_folder",
        $"'{Shown(path)}' would be written through '{Shown(link)}', which is not a plain folder.",
        "Choose an empty folder to download to.");

    /// <summary>What someone else wrote, fit for a message: invisible characters spelled out, at most 300 characters.</summary>
    internal static string Shown(string? text) => Visible(text ?? "", 300);

    /// <summary>The text with everything invisible spelled out, a lone surrogate included.</summary>
    internal static string Visible(string text, int most = int.MaxValue)
    {
        if (text.Length < most && text.All(c => c is >= ' ' and <= '~'))
            return text;
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= most)
                return shown.Append('…').ToString();
            shown = ArtifactPath.Unseen(rune)
                ? shown.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X4}}}")
                : shown.Append(rune.ToString());
        }
        return shown.ToString();
    }
}
