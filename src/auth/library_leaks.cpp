// For test programs that authenticate by GSSAPI, under LeakSanitizer: what these libraries lose is
// theirs [observed: gss-ntlmssp 1.2.0 loses a provider's contexts at each use of MD4 and RC4, MIT
// Kerberos 1.20.1 a principal whenever an acceptor asks for more mechanisms than have keys]. Only a
// whole trace shows that it was they.
extern "C" const char* __asan_default_options()
{
    return "fast_unwind_on_malloc=0";
}

extern "C" const char* __lsan_default_suppressions()
{
    return "leak:gssntlmssp.so\nleak:krb5_build_principal_alloc_va\n";
}
