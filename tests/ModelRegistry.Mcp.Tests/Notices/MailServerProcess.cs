using System.Diagnostics;
using System.Globalization;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Notices;

/// <summary>One mail as it arrived: the header fields, unfolded, and the body.</summary>
internal sealed record ArrivedMail(IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    public string this[string name] => Headers.Single(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase)).Value;

    public static ArrivedMail Parse(string text)
    {
        var parts = text.ReplaceLineEndings("\n").Split("\n\n", 2);
        var fields = parts[0].Replace("\n ", " ", StringComparison.Ordinal).Replace("\n\t", " ", StringComparison.Ordinal).Split('\n').Select(line => line.Split(": ", 2));
        return new ArrivedMail([.. fields.Select(f => (f[0], f.ElementAtOrDefault(1) ?? ""))], parts[1]);
    }
}

/// <summary>A real mail server, Debian's aiosmtpd, as a process of its own.</summary>
internal sealed class MailServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder;

    private MailServerProcess(Process process, string folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public IReadOnlyList<ArrivedMail> All => !Directory.Exists(New) ? [] : [.. Directory.GetFiles(New).Select(File.ReadAllText).Select(ArrivedMail.Parse)];

    private string New => Path.Combine(_folder, "new");

    /// <param name="demands">A certificate, its key, a user and a password.</param>
    public static async Task<MailServerProcess> StartAsync(params string[] demands)
    {
        var python = await PythonAsync();
        var folder = Path.Combine(Directory.CreateTempSubdirectory("mailbox-").FullName, "mail");
        var start = new ProcessStartInfo(python, [Repository.At("tests/ModelRegistry.Mcp.Tests/Notices/mail_server.py"), folder, .. demands]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var port = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new EndOfStreamException("The mail server did not start.");
        return new MailServerProcess(process, folder, int.Parse(port, CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until so many have come, to one address or to any.</summary>
    public async Task<IReadOnlyList<ArrivedMail>> WaitAsync(int least, string? to = null, ServeProcess? from = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"Only this came: {string.Join(", ", All.Select(mail => $"{mail["X-RcptTo"]} {mail["Subject"]}"))}. {from?.Errors}");
            var found = All.Where(mail => to is null || mail["X-RcptTo"] == to).ToList();
            if (found.Count >= least)
                return found;
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
    }

    // The system's own, where its packages are; the first on the PATH may be another one.
    private static async Task<string> PythonAsync()
    {
        foreach (var python in new[] { "/usr/bin/python3", "python3" })
            try
            {
                using var asked = Process.Start(new ProcessStartInfo(python, ["-c", "import aiosmtpd.smtp"]) { RedirectStandardError = true })!;
                await asked.StandardError.ReadToEndAsync();
                await asked.WaitForExitAsync();
                if (asked.ExitCode == 0)
                    return python;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is none.
            }
        Needs.That(false, "Python's aiosmtpd (Debian: python3-aiosmtpd) is not installed here.");
        return "";
    }
}
