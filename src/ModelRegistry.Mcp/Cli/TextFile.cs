using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Small text files that a command line names.</summary>
internal static class TextFile
{
    private const int Most = 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Its text, or <c>source_missing</c>, <c>source_unreadable</c>, <c>text_file_invalid</c>.</summary>
    public static Outcome<string> Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            var buffer = new byte[16 * 1024];
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                bytes.Write(buffer, 0, count);
                if (bytes.Length > Most)
                    return Refusals.TextFileInvalid(path, "it is larger than 1 MiB");
            }
            return Strict.GetString(bytes.ToArray()).TrimStart('\uFEFF');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException and not DecoderFallbackException)
        {
            return Refusals.SourceMissing(path);
        }
        catch (DecoderFallbackException)
        {
            return Refusals.TextFileInvalid(path, "it is not UTF-8 text");
        }
        catch (UnauthorizedAccessException)
        {
            return Refusals.SourceUnreadable(path);
        }
        catch (IOException e)
        {
            throw StorageUnavailableException.While("Reading a file", e);
        }
    }

    public static Outcome<string?> ReadOrNull(string? path)
    {
        if (path is null)
            return (string?)null;
        var read = Read(path);
        return read.Refusal is { } no ? no : read.Value;
    }

    /// <summary>Writes a file, in place of what was there.</summary>
    /// <exception cref="StorageUnavailableException">It cannot be written there.</exception>
    public static async Task WriteAsync(string path, byte[] content, CancellationToken cancel)
    {
        try
        {
            await File.WriteAllBytesAsync(path, content, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw StorageUnavailableException.While($"Writing {path}", e);
        }
    }
}
