@echo off
rem Runs once at the first logon.
