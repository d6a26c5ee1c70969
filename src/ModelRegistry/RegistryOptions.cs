using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.S3;

namespace ModelRegistry;

/// <summary>What one process is told about its registry; read once at the wiring door.</summary>
public sealed record RegistryOptions
{
    /// <summary>Absolute path: database, blobs, checkpoints.</summary>
    public required string DataFolder { get; init; }

    /// <summary><c>sqlite:PATH</c> or a PostgreSQL address; null: SQLite in the data folder.</summary>
    public string? Database { get; init; }

    /// <summary><c>file:PATH</c> or <c>s3://BUCKET/PREFIX</c>; null: in the data folder.</summary>
    public string? Artifacts { get; init; }

    /// <summary>What lies beside the contents under the names of models; null: files in a folder, where they cost nothing, and metadata in a bucket.</summary>
    public ReadableExtent? Readable { get; init; }

    /// <summary>How the store of a bucket is reached.</summary>
    public S3Options S3 { get; init; } = new();

    /// <summary>A profile's name or a file: the policy a new registry starts with. An existing one refuses another than its own.</summary>
    public string? Policy { get; init; }

    /// <summary>Base of approval links; null where no page can be reached.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>A PEM file or a folder of them: the public keys that signatures over models are held against; null: none.</summary>
    public string? SigningKeys { get; init; }

    /// <summary>How people are told what happened.</summary>
    public NoticeOptions Notices { get; init; } = new();

    /// <summary>The tracking server from which files of versions that MLflow's clients register are taken; null: none.</summary>
    public Mlflow.Sites.MlflowTracking? Tracking { get; init; }

    /// <summary>Whether the data folder is not the user's default one, so that a command shown to a person has to name it.</summary>
    public bool DataFolderNamed { get; init; }

    /// <summary>The folder that is used when none is named.</summary>
    public static string DefaultDataFolder { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "model-registry");

    /// <summary>A command line that works as it stands against this registry.</summary>
    internal string Command(string verb) => DataFolderNamed ? $"modelregistry {verb} --data {Quoted(DataFolder)}" : $"modelregistry {verb}";

    private static string Quoted(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':' or '\\') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
